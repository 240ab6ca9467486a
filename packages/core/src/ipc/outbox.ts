import type { Router } from 'zeromq';
import { sizeOf } from './transport.js';

interface Backlog {
  readonly messages: Uint8Array[][];
  bytes: number;
  since: number;
}

/** How often, in ms, a peer whose queue was full is tried again, and for how long. */
const RETRY = 5;
const PATIENCE = 30_000;

/**
 * Sends replies without ever waiting. The socket has a send time-out of 0, so each send is done, or refused, when the
 * call returns: no reply stands behind that of a slower peer. A peer whose queue is full gets a bounded backlog.
 */
export class Outbox {
  readonly #socket: Router;
  readonly #backlogBytes: number;
  readonly #backlogs = new Map<string, Backlog>();
  #timer: NodeJS.Timeout | undefined;

  /** @param backlogBytes bytes that wait for one peer beyond ZeroMQ's own queue; more is dropped */
  constructor(socket: Router, backlogBytes: number) {
    this.#socket = socket;
    this.#backlogBytes = backlogBytes;
  }

  send(frames: Uint8Array[]): void {
    if (this.#backlogs.size > 0) {
      const backlog = this.#backlogs.get(peerOf(frames));
      if (backlog !== undefined) {
        this.#queue(backlog, frames);
        return;
      }
    }
    void this.#try(frames);
  }

  /** Waits, at most `ms`, until nothing is held back for anyone. */
  async drain(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (this.#backlogs.size > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, RETRY));
    }
    clearTimeout(this.#timer);
    this.#backlogs.clear();
  }

  async #try(frames: Uint8Array[]): Promise<boolean> {
    try {
      await this.#socket.send(frames);
      return true;
    } catch (error) {
      // Anything but a full queue (EHOSTUNREACH above all) means that nobody is there to read it.
      if ((error as { code?: string }).code !== 'EAGAIN' || this.#socket.closed) return true;
      const peer = peerOf(frames);
      const backlog = this.#backlogs.get(peer) ?? { messages: [], bytes: 0, since: performance.now() };
      this.#backlogs.set(peer, backlog);
      this.#queue(backlog, frames);
      this.#timer ??= setTimeout(() => void this.#retry(), RETRY);
      return false;
    }
  }

  #queue(backlog: Backlog, frames: Uint8Array[]): void {
    const size = sizeOf(frames);
    if (backlog.bytes + size > this.#backlogBytes) return;
    backlog.messages.push(frames);
    backlog.bytes += size;
  }

  async #retry(): Promise<void> {
    // A copy: what fails again is put back while this runs.
    for (const [peer, backlog] of Array.from(this.#backlogs)) {
      const waiting = backlog.messages.splice(0);
      this.#backlogs.delete(peer);
      let sent = 0;
      for (const frames of waiting) {
        if (!(await this.#try(frames))) break;
        sent++;
      }
      const again = this.#backlogs.get(peer);
      if (again === undefined) continue;
      // The one that failed is back in line already; the rest follows it.
      for (const frames of waiting.slice(sent + 1)) this.#queue(again, frames);
      again.since = sent > 0 ? performance.now() : backlog.since;
      if (performance.now() - again.since > PATIENCE) this.#backlogs.delete(peer);
    }
    this.#timer = this.#backlogs.size > 0 ? setTimeout(() => void this.#retry(), RETRY) : undefined;
  }
}

function peerOf(frames: readonly Uint8Array[]): string {
  return Buffer.from(frames[0] ?? []).toString('latin1');
}
