import { type Client, ClientError } from '@enigma-worker/client';
import type { GatewayLog } from './log.js';

/** How long, in ms, an answer of the core is taken for what it would say now. */
const FRESH = 1_000;
/** How long, in ms, the core may take for a question that costs it nothing. */
const PATIENCE = 2_000;
/** How often, in ms, it is asked when nobody else does. */
const INTERVAL = 5_000;

/** Knows whether the core answers, and says so when that changes. */
export class CoreWatch {
  readonly #client: Client;
  readonly #log: GatewayLog;
  readonly #timer: NodeJS.Timeout;
  #asked: { readonly at: number; readonly answers: Promise<boolean> } | undefined;
  #reachable: boolean | undefined;

  constructor(client: Client, log: GatewayLog) {
    this.#client = client;
    this.#log = log;
    this.#timer = setInterval(() => void this.answers(), INTERVAL).unref();
  }

  /** What is known without asking; undefined before the first answer. */
  get reachable(): boolean | undefined {
    return this.#reachable;
  }

  /** Whether the core answers: asks it, but not more often than once a second. Never rejects. */
  answers(): Promise<boolean> {
    const now = performance.now();
    if (this.#asked === undefined || now - this.#asked.at >= FRESH)
      this.#asked = { at: now, answers: this.#ask() };
    return this.#asked.answers;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #ask(): Promise<boolean> {
    let reason: string | undefined;
    try {
      await this.#client.getTips({ input: [] }, { timeout: PATIENCE });
    } catch (error) {
      // A refusal is an answer.
      const isAnswer = error instanceof ClientError && error.code === 'REFUSED';
      if (!isAnswer) reason = error instanceof Error ? error.message : String(error);
    }
    this.#found(reason);
    return reason === undefined;
  }

  #found(reason: string | undefined): void {
    const { endpoint: core } = this.#client;
    const before = this.#reachable;
    this.#reachable = reason === undefined;
    if (reason !== undefined && before !== false)
      this.#log.warn({ core, reason }, 'the core does not answer');
    if (reason === undefined && before === false) this.#log.info({ core }, 'the core answers again');
  }
}
