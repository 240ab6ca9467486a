import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@enigma-worker/core';
import { Figures } from './metrics.js';

interface Started {
  readonly endpoint: string;
  readonly httpUrl?: string;
}

/** A worker in a process of its own. */
export class CoreProcess {
  readonly endpoint: string;
  /** What it logged as an error: each is a bug. */
  readonly bugs: string[] = [];
  readonly #httpUrl: string | undefined;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, { endpoint, httpUrl }: Started) {
    this.#child = child;
    this.endpoint = endpoint;
    this.#httpUrl = httpUrl;
    child.on('message', (message: { bug?: string }) => {
      if (message.bug !== undefined) this.bugs.push(message.bug);
    });
  }

  /** @param options those that survive JSON */
  static async start(dataDir: string, options: Partial<WorkerOptions> = {}): Promise<CoreProcess> {
    const script = fileURLToPath(new URL('./core-process.mjs', import.meta.url));
    const child = fork(script, [dataDir, JSON.stringify(options)]);
    const started = once(child, 'message') as Promise<[Started]>;
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the core ended before it had started: exit code ${code}`);
    });
    return new CoreProcess(child, (await Promise.race([started, ended]))[0]);
  }

  /** Resident memory in MB. */
  memory(): number {
    const pages = Number(readFileSync(`/proc/${this.#child.pid}/statm`, 'utf8').split(' ')[1]);
    return (pages * 4096) / 1e6;
  }

  /** Open files and sockets. */
  descriptors(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length;
  }

  /** What it says of itself; only with the option `http`. */
  figures(): Promise<Figures> {
    return Figures.of(this.#httpUrl);
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ends it, by default at once; its exit code, null when the signal ended it. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exit = once(this.#child, 'exit');
      this.#child.kill(signal);
      await exit;
    }
    return this.#child.exitCode;
  }
}
