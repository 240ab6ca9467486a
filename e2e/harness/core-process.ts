import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A worker in a process of its own. */
export class CoreProcess {
  readonly endpoint: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, endpoint: string) {
    this.#child = child;
    this.endpoint = endpoint;
  }

  static async start(dataDir: string): Promise<CoreProcess> {
    const child = fork(fileURLToPath(new URL('./core-process.mjs', import.meta.url)), [dataDir]);
    const [{ endpoint }] = (await once(child, 'message')) as [{ endpoint: string }];
    return new CoreProcess(child, endpoint);
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
