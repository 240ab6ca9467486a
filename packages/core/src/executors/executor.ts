import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { Codec } from './codec.js';
import { CLOSE, type ExecutorLink } from './link.js';
import { setThreadPriority } from './priority.js';
import { nextSlot, SLOT_COUNT, Slots, SlotState } from './slots.js';

/** What a pool of executors runs. */
export interface ExecutorProgram<Job, Reply> {
  /** The thread's script: it calls `serve` with the `link` of its `workerData`. */
  readonly script: URL;
  /** Given to the thread as `workerData.setup`. */
  readonly setup: unknown;
  /** Stack of the thread in MiB. */
  readonly stackSizeMb: number;
  /** The young generation of the thread's heap in MiB. */
  readonly youngGenerationMb: number;
  readonly jobs: Codec<Job>;
  readonly replies: Codec<Reply>;
}

/** A job in the hands of an executor. */
export interface Posted<Job> {
  readonly job: Job;
}

/** Who is told of what executors answer. */
export interface Listener<Entry, Reply> {
  /** A job told something before its reply. */
  told(entry: Entry, reply: Reply): void;
  /** A job is done. Called in the order in which an executor did its jobs. */
  replied(entry: Entry, reply: Reply): void;
}

/** What was left when a thread ended. */
export interface Remains<Entry> {
  /** The job it was at. */
  readonly begun: Entry | undefined;
  /** Jobs it had not begun, in order. */
  readonly waiting: Entry[];
}

/** A thread that opens its gate again and again is caught in one of them. */
const SEIZE_ATTEMPTS = 1000;

/** One thread that does jobs in the order in which they are posted, seen from the main thread. */
export class Executor<Job, Reply, Entry extends Posted<Job>> {
  readonly #program: ExecutorProgram<Job, Reply>;
  readonly #slots = new Slots();
  readonly #port: MessagePort;
  readonly #worker: Worker;
  /** What each slot holds; `undefined` for a free slot and for one whose job was withdrawn. */
  readonly #entries: (Entry | undefined)[] = Array.from({ length: SLOT_COUNT }, () => undefined);
  /** The slots from `#tail` on, `#used` of them, are not free. */
  #tail = 0;
  #used = 0;
  /** Whether what the job at `#tail` told was handed over. */
  #wasTold = false;
  #load = 0;
  #ended = false;
  #ending = false;
  #givesWay = false;
  /** Kept by the pool: its running job takes long, so that nothing should wait behind it. */
  isSlow = false;
  /** Kept by the pool: when it last answered, or began to have work. */
  touched = 0;
  /** Kept by the pool: how often its job was found to exceed its time. */
  overdueChecks = 0;

  /**
   * Starts the thread.
   * @param onExit called once when the thread has ended, with the error that ended it if there was one
   */
  constructor(
    program: ExecutorProgram<Job, Reply>,
    bell: SharedArrayBuffer,
    onRing: () => void,
    onExit: (error: Error | undefined) => void,
  ) {
    this.#program = program;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.unref();
    const link: ExecutorLink = { slots: this.#slots.memory, bell, port: port2 };
    this.#worker = new Worker(program.script, {
      workerData: { link, setup: program.setup },
      transferList: [port2],
      resourceLimits: {
        stackSizeMb: program.stackSizeMb,
        maxYoungGenerationSizeMb: program.youngGenerationMb,
      },
    });
    this.#worker.unref();
    let failure: Error | undefined;
    this.#worker.on('message', onRing);
    this.#worker.on('error', (error: unknown) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    this.#worker.on('exit', () => {
      this.#ended = true;
      onExit(failure);
    });
  }

  /** Jobs posted and not answered. */
  get load(): number {
    return this.#load;
  }

  /** Slots in use: withdrawn jobs hold theirs until the thread has passed them. */
  get used(): number {
    return this.#used;
  }

  /** Whether it was told to end. */
  get ending(): boolean {
    return this.#ending;
  }

  /** Whether another job may be posted now. */
  get accepts(): boolean {
    if (this.#ended || this.#used === SLOT_COUNT) return false;
    return this.#load === 0 || !this.isSlow;
  }

  /** Lets the thread yield to others until {@link takeBack}. */
  giveWay(niceness: number): void {
    if (this.#givesWay) return;
    this.#givesWay = true;
    setThreadPriority(this.#slots.thread, niceness);
  }

  /** Gives the thread back the priority that it had. */
  takeBack(niceness: number): void {
    if (!this.#givesWay) return;
    this.#givesWay = false;
    setThreadPriority(this.#slots.thread, niceness);
  }

  /** Posts a job. Only when {@link accepts}. */
  post(entry: Entry): void {
    const slot = (this.#tail + this.#used) % SLOT_COUNT;
    this.#send(slot, entry.job);
    this.#entries[slot] = entry;
    this.#used++;
    this.#load++;
  }

  /**
   * Hands over the replies that are there, in order, and reclaims withdrawn slots; false when there were none.
   * @param early whether what a job told is handed over before its reply is there
   */
  poll(listener: Listener<Entry, Reply>, early: boolean): boolean {
    let progress = false;
    while (this.#used > 0) {
      const slot = this.#tail;
      const entry = this.#entries[slot];
      const state = this.#slots.state(slot);
      if (entry === undefined) {
        if (state !== SlotState.free) break;
        this.#advance();
        progress = true;
        continue;
      }
      if (state !== SlotState.done && !(early && state === SlotState.told)) break;
      const told = this.#slots.told(slot);
      if (told !== 0 && !this.#wasTold) {
        this.#wasTold = true;
        progress = true;
        listener.told(entry, this.#receive(this.#slots.body(slot), told));
      }
      if (state !== SlotState.done) break;
      const reply = this.#receive(this.#slots.replyBody(slot), this.#slots.length(slot));
      this.#slots.release(slot);
      this.#advance();
      this.#load--;
      this.overdueChecks = 0;
      progress = true;
      listener.replied(entry, reply);
    }
    return progress;
  }

  /** Takes back the jobs that the thread has not begun, in order. */
  recall(): Entry[] {
    const recalled: Entry[] = [];
    for (let back = this.#used - 1; back >= 0; back--) {
      const slot = (this.#tail + back) % SLOT_COUNT;
      const entry = this.#entries[slot];
      if (entry === undefined) continue;
      if (!this.#slots.withdraw(slot)) break;
      this.#entries[slot] = undefined;
      this.#load--;
      recalled.push(entry);
    }
    return recalled.reverse();
  }

  /** When the job it is at began, by {@link monotonicMs}; `undefined` between jobs. */
  runningSince(): number | undefined {
    for (let at = 0, slot = this.#tail; at < this.#used; at++, slot = nextSlot(slot)) {
      if (this.#slots.state(slot) === SlotState.running) return this.#slots.since(slot);
    }
    return undefined;
  }

  /** Holds the thread where it may be ended without harm; false when it is not at such a place. */
  seize(): boolean {
    for (let attempts = 0; attempts < SEIZE_ATTEMPTS; attempts++) if (this.#slots.seize()) return true;
    return false;
  }

  /** Ends the thread wherever it is, which may abort the process unless it was seized. After this resolves, {@link poll} and then {@link remains} tell what was left. */
  async kill(): Promise<void> {
    this.#ending = true;
    this.#ended = true;
    await this.#worker.terminate();
  }

  /** What an ended thread left undone. */
  remains(): Remains<Entry> {
    let begun: Entry | undefined;
    const waiting: Entry[] = [];
    for (let at = 0, slot = this.#tail; at < this.#used; at++, slot = nextSlot(slot)) {
      const entry = this.#entries[slot];
      if (entry === undefined) continue;
      if (this.#slots.state(slot) === SlotState.queued) waiting.push(entry);
      else begun = entry;
    }
    this.#used = 0;
    this.#load = 0;
    this.#port.close();
    return { begun, waiting };
  }

  /** Asks an idle thread to end by itself, and ends it if that takes longer than `milliseconds`. */
  async close(milliseconds: number): Promise<void> {
    this.#ending = true;
    if (!this.#ended) {
      const exited = new Promise<boolean>((resolve) => {
        this.#worker.once('exit', () => resolve(true));
        setTimeout(resolve, milliseconds, false).unref();
      });
      this.#worker.ref();
      if (this.#used < SLOT_COUNT) {
        this.#port.postMessage(CLOSE, []);
        this.#slots.queue((this.#tail + this.#used) % SLOT_COUNT, undefined);
      }
      if (!(await exited)) await this.kill();
    }
    this.#port.close();
  }

  #send(slot: number, job: Job): void {
    const length = this.#program.jobs.encode(job, this.#slots.body(slot));
    if (length === undefined) this.#port.postMessage(job, []);
    this.#slots.queue(slot, length);
  }

  /** A message of the thread; `length` as in {@link Slots.length}. */
  #receive(place: Uint8Array, length: number | undefined): Reply {
    if (length !== undefined) {
      const body = place.subarray(0, length);
      const reply = this.#program.replies.decode(body);
      // Replies may carry keys, as jobs do.
      body.fill(0);
      return reply;
    }
    const received = receiveMessageOnPort(this.#port);
    if (received === undefined) throw new Error('a slot announced a reply that is not in the port');
    return received.message;
  }

  #advance(): void {
    this.#entries[this.#tail] = undefined;
    this.#wasTold = false;
    this.#tail = nextSlot(this.#tail);
    this.#used--;
  }
}
