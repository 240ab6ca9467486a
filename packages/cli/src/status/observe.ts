import { CommandError } from '../errors.js';
import { reasonOf } from '../files.js';
import type { Observation } from './figures.js';
import { parseMetrics } from './metrics-text.js';

const TIMEOUT_MS = 5000;

/**
 * Asks a core for its figures.
 * @param url of its `--http`
 * @param signal gives up the question
 * @throws CommandError when nobody answers there, or somebody else does; whatever the signal was aborted with
 */
export async function observe(url: string, signal?: AbortSignal): Promise<Observation> {
  const [metrics, ready] = await Promise.all([get(`${url}/metrics`, signal), get(`${url}/ready`, signal)]);
  const at = performance.now();
  const samples = parseMetrics(metrics.text);
  if (!metrics.ok || !samples.some(({ name }) => name === 'enigma_executors'))
    throw new CommandError(`${url} is not the --http address of a core`);
  if (ready.ok) return { at, ready: true, samples };
  return { at, ready: false, reason: reasonIn(ready.text), samples };
}

async function get(url: string, signal?: AbortSignal): Promise<{ ok: boolean; text: string }> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    return { ok: response.ok, text: await response.text() };
  } catch (error) {
    signal?.throwIfAborted();
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new CommandError(
      `${url} does not answer (${reasonOf(cause)}): is the core running, with --http there?`,
    );
  }
}

function reasonIn(text: string): string {
  try {
    const { reason } = JSON.parse(text) as { reason?: unknown };
    if (typeof reason === 'string') return reason;
  } catch {
    // Not as this version answers.
  }
  return 'not ready';
}
