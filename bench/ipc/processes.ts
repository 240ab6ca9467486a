import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Load, Measured } from './load-types.js';

/** A program of this folder in a process of its own, which answers each message with one. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #gone: Promise<never>;

  constructor(program: 'echo-server' | 'core-server' | 'load', args: readonly string[] = []) {
    const file = fileURLToPath(new URL(`./${program}.js`, import.meta.url));
    // No flags, such as users give none: with one for V8, Node itself would start without its code cache.
    this.#process = fork(file, args, { serialization: 'advanced', execArgv: [] });
    this.#gone = new Promise((_, reject) => {
      this.#process.on('exit', (code) => reject(new Error(`${program} ended with ${String(code)}`)));
    });
    // Its end is only news to somebody who waits for a message.
    this.#gone.catch(() => undefined);
  }

  async next<T>(): Promise<T> {
    const message = new Promise<T>((resolve) =>
      this.#process.once('message', (value) => resolve(value as T)),
    );
    return Promise.race([message, this.#gone]);
  }

  async ask<T>(message: unknown): Promise<T> {
    this.#process.send(message as object);
    return this.next<T>();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }
}

/** An echo server, a worker and a load generator, side by side. */
export interface Bench {
  readonly echo: string;
  readonly core: string;
  /** Runs a load to its end. */
  load(load: Load): Promise<Measured>;
  /** The rate of the echo server with replies of so many bytes. */
  echoes(load: Omit<Load, 'endpoint'>, replyBytes: number): Promise<Measured>;
  /** Resident memory of the worker, in MB. */
  memory(): Promise<number>;
}

/** Runs `body` with all three, in a folder that is gone afterwards. */
export async function withBench<T>(body: (bench: Bench) => Promise<T>, options: object = {}): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'enigma-bench-'));
  try {
    await using echo = new Child('echo-server');
    await using core = new Child('core-server', [JSON.stringify({ dataDir, ...options })]);
    await using load = new Child('load');
    const [{ endpoint: echoAt }, { endpoint: coreAt }] = await Promise.all([
      echo.next<{ endpoint: string }>(),
      core.next<{ endpoint: string }>(),
    ]);
    return await body({
      echo: echoAt,
      core: coreAt,
      load: (what) => load.ask<Measured>(what),
      async echoes(what, bytes) {
        await echo.ask({ bytes });
        return load.ask<Measured>({ ...what, endpoint: echoAt });
      },
      memory: async () => (await core.ask<{ rss: number }>('memory')).rss / 1e6,
    });
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
