import { Roster } from '../collections/roster.js';

/** Work that was accepted and waits for its turn, or runs. */
export interface Job {
  /** Whose it is; each peer has the same share. */
  readonly peer: string;
  /** What must stay in order: the contract's address. */
  readonly lane: string;
  /** Bytes held while it waits. */
  readonly bytes: number;
  /** Never rejects. */
  run(): Promise<void>;
}

/** How much is accepted at one time. */
export interface QueueLimits {
  /** Jobs accepted and not finished, of all peers. */
  readonly pending: number;
  /** The same of one peer. */
  readonly pendingPerPeer: number;
  /** Bytes of requests accepted and not finished, of all peers; one peer may hold a quarter. */
  readonly pendingBytes: number;
  /** Jobs handed on at one time: of all, of one peer, of one lane. */
  readonly running: number;
  readonly runningPerPeer: number;
  readonly runningPerLane: number;
}

class Peer {
  pending = 0;
  bytes = 0;
  running = 0;
  /** Jobs that wait, by lane; the first lane is next. */
  readonly waiting = new Map<string, Job[]>();
}

/** What is known of a lane: how many of its jobs run. */
interface Lane {
  running: number;
}

/**
 * Bounded and fair: peers take turns, and so do the contracts of one peer; a contract that is slow holds up nobody
 * else. Jobs of one peer for one contract start in the order in which they came.
 */
export class FairQueue {
  readonly #limits: QueueLimits;
  readonly #peers = new Roster<Peer>(
    () => new Peer(),
    ({ pending }) => pending === 0,
  );
  readonly #lanes = new Roster<Lane>(
    () => ({ running: 0 }),
    ({ running }) => running === 0,
  );
  /** Peers with jobs that wait; the first is next. */
  #line: Peer[] = [];
  #pending = 0;
  #running = 0;
  #bytes = 0;
  #idle: (() => void)[] = [];

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** Accepted and not finished. */
  get pending(): number {
    return this.#pending;
  }

  /** Accepted and not yet handed on. */
  get waiting(): number {
    return this.#pending - this.#running;
  }

  /** Takes the job, or refuses it because too much is pending already. */
  offer(job: Job): boolean {
    const limits = this.#limits;
    const peer = this.#peers.get(job.peer);
    const full =
      this.#pending >= limits.pending ||
      peer.pending >= limits.pendingPerPeer ||
      (this.#bytes + job.bytes > limits.pendingBytes && this.#pending > 0) ||
      (peer.bytes + job.bytes > limits.pendingBytes / 4 && peer.pending > 0);
    if (full) return false;
    this.#pending++;
    this.#bytes += job.bytes;
    peer.pending++;
    peer.bytes += job.bytes;
    const before = peer.waiting.get(job.lane);
    if (before !== undefined) before.push(job);
    else if (this.#mayRun(peer, job.lane)) this.#start(peer, job);
    else this.#wait(peer, job);
    return true;
  }

  /** Resolves when nothing is pending. */
  async whenIdle(): Promise<void> {
    if (this.#pending === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #mayRun(peer: Peer, lane: string): boolean {
    const limits = this.#limits;
    return (
      this.#running < limits.running &&
      peer.running < limits.runningPerPeer &&
      (this.#lanes.peek(lane)?.running ?? 0) < limits.runningPerLane
    );
  }

  #wait(peer: Peer, job: Job): void {
    if (peer.waiting.size === 0) this.#line.push(peer);
    peer.waiting.set(job.lane, [job]);
  }

  #start(peer: Peer, job: Job): void {
    const lane = this.#lanes.get(job.lane);
    this.#running++;
    peer.running++;
    lane.running++;
    void job.run().then(() => this.#finished(peer, lane, job));
  }

  #finished(peer: Peer, lane: Lane, job: Job): void {
    this.#running--;
    this.#pending--;
    this.#bytes -= job.bytes;
    peer.running--;
    peer.pending--;
    peer.bytes -= job.bytes;
    lane.running--;
    if (this.#line.length > 0) this.#startNext();
    if (this.#pending === 0 && this.#idle.length > 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Starts what may run, each peer in turn, until nothing may. */
  #startNext(): void {
    for (let found = true; found && this.#running < this.#limits.running;) {
      found = false;
      for (const [at, peer] of this.#line.entries()) {
        const job = this.#takeFrom(peer);
        if (job === undefined) continue;
        found = true;
        // To the end of the line: the others are next.
        this.#line.splice(at, 1);
        if (peer.waiting.size > 0) this.#line.push(peer);
        this.#start(peer, job);
        break;
      }
    }
  }

  #takeFrom(peer: Peer): Job | undefined {
    for (const [lane, line] of peer.waiting) {
      if (!this.#mayRun(peer, lane)) continue;
      const job = line.shift();
      peer.waiting.delete(lane);
      if (line.length > 0) peer.waiting.set(lane, line);
      return job;
    }
    return undefined;
  }
}
