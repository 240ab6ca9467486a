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

/**
 * Bounded and fair: peers take turns, and so do the contracts of one peer; a contract that is slow holds up nobody
 * else. Jobs of one peer for one contract start in the order in which they came.
 */
export class FairQueue {
  readonly #limits: QueueLimits;
  readonly #peers = new Map<string, Peer>();
  /** Jobs running in each lane. */
  readonly #lanes = new Map<string, number>();
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
    const peer = this.#peers.get(job.peer) ?? new Peer();
    const full =
      this.#pending >= limits.pending ||
      peer.pending >= limits.pendingPerPeer ||
      (this.#bytes + job.bytes > limits.pendingBytes && this.#pending > 0) ||
      (peer.bytes + job.bytes > limits.pendingBytes / 4 && peer.pending > 0);
    if (full) return false;
    this.#peers.set(job.peer, peer);
    this.#pending++;
    this.#bytes += job.bytes;
    peer.pending++;
    peer.bytes += job.bytes;
    const line = peer.waiting.get(job.lane);
    if (line === undefined && this.#mayRun(peer, job.lane)) {
      this.#start(peer, job);
    } else if (line === undefined) {
      peer.waiting.set(job.lane, [job]);
    } else {
      line.push(job);
    }
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
      (this.#lanes.get(lane) ?? 0) < limits.runningPerLane
    );
  }

  #start(peer: Peer, job: Job): void {
    this.#running++;
    peer.running++;
    this.#lanes.set(job.lane, (this.#lanes.get(job.lane) ?? 0) + 1);
    void job.run().then(() => this.#finished(peer, job));
  }

  #finished(peer: Peer, job: Job): void {
    this.#running--;
    this.#pending--;
    this.#bytes -= job.bytes;
    peer.running--;
    peer.pending--;
    peer.bytes -= job.bytes;
    const inLane = (this.#lanes.get(job.lane) ?? 1) - 1;
    if (inLane === 0) this.#lanes.delete(job.lane);
    else this.#lanes.set(job.lane, inLane);
    if (peer.pending === 0) this.#peers.delete(job.peer);
    if (this.waiting > 0) this.#startNext();
    if (this.#pending === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Starts what may run, each peer in turn, until nothing may. */
  #startNext(): void {
    for (let found = true; found && this.#running < this.#limits.running;) {
      found = false;
      for (const [name, peer] of this.#peers) {
        const job = this.#takeFrom(peer);
        if (job === undefined) continue;
        found = true;
        // To the end of the line: the others are next.
        this.#peers.delete(name);
        this.#peers.set(name, peer);
        this.#start(peer, job);
        break;
      }
    }
  }

  #takeFrom(peer: Peer): Job | undefined {
    if (peer.waiting.size === 0) return undefined;
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
