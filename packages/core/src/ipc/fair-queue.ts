import { Roster } from '../collections/roster.js';

/** Why a job that waited will not run: others need its place, its peer is gone, or nothing more is begun. */
export type DropReason = 'busy' | 'gone' | 'stopping';

/** The same in words, for peers that are there. */
export const DROPPED: Readonly<Record<Exclude<DropReason, 'gone'>, string>> = {
  busy: 'busy: too many requests are pending, try again',
  stopping: 'the worker is stopping',
};

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
  /** Called instead of {@link run}. */
  dropped(why: DropReason): void;
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
 * else. Jobs of one peer for one contract start in the order in which they came. When it is full, who has most waiting
 * makes room for who has less.
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
    const hasShare =
      peer.pending >= limits.pendingPerPeer ||
      (peer.bytes + job.bytes > limits.pendingBytes / 4 && peer.pending > 0);
    if (hasShare || !this.#hasRoom(peer, job)) return false;
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

  /** Drops what waits of a peer. */
  dropPeer(name: string): void {
    const peer = this.#peers.peek(name);
    if (peer !== undefined) this.#dropAll(peer, 'gone');
  }

  /** Drops all that waits. */
  dropWaiting(): void {
    for (const peer of Array.from(this.#line)) this.#dropAll(peer, 'stopping');
  }

  /** Whether there is room for one more, or room could be made. */
  #hasRoom(peer: Peer, job: Job): boolean {
    const { pending, pendingBytes } = this.#limits;
    while (this.#pending >= pending)
      if (!this.#displace(peer.pending + 1, (each) => each.pending)) return false;
    while (this.#bytes + job.bytes > pendingBytes && this.#pending > 0)
      if (!this.#displace(peer.bytes + job.bytes, (each) => each.bytes)) return false;
    return true;
  }

  /** Drops a job of the peer that has most, if that is more than `than`. */
  #displace(than: number, measure: (peer: Peer) => number): boolean {
    let most: Peer | undefined;
    let size = than;
    for (const peer of this.#line) {
      if (measure(peer) > size) [most, size] = [peer, measure(peer)];
    }
    if (most === undefined) return false;
    this.#dropLast(most, 'busy');
    return true;
  }

  #dropAll(peer: Peer, why: DropReason): void {
    while (peer.waiting.size > 0) this.#dropLast(peer, why);
  }

  /** Drops the last job of one lane, of those that wait. */
  #dropLast(peer: Peer, why: DropReason): void {
    const [lane, line] = Array.from(peer.waiting).at(-1)!;
    const job = line.pop()!;
    if (line.length === 0) peer.waiting.delete(lane);
    if (peer.waiting.size === 0) this.#line = this.#line.filter((each) => each !== peer);
    this.#ended(peer, job);
    job.dropped(why);
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
    peer.running--;
    lane.running--;
    if (this.#line.length > 0) this.#startNext();
    this.#ended(peer, job);
  }

  #ended(peer: Peer, job: Job): void {
    this.#pending--;
    this.#bytes -= job.bytes;
    peer.pending--;
    peer.bytes -= job.bytes;
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
