import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type { Codec } from './codec.js';
import { Gate } from './gate.js';
import { CLOSE, type ExecutorLink } from './link.js';
import { ownThread } from './priority.js';
import { nextSlot, Slots, SlotState } from './slots.js';

/** How an executor thread does its jobs. */
export interface Service<Job, Reply> {
  readonly jobs: Codec<Job>;
  readonly replies: Codec<Reply>;
  /**
   * Does one job, synchronously. What it throws is a bug and ends the thread.
   * @param gate to be opened around what may run for too long
   * @param tell hands over, at most once and never inside the open gate, what others can go on with while the reply
   * is still being made
   */
  handle(job: Job, gate: Gate, tell: (reply: Reply) => void): Reply;
}

/**
 * The thread returns to its event loop after so many jobs, or when idle for so long. Each job that reads the store leaves
 * a timer to it, which had better be gone before V8 takes it for long-lived.
 */
const JOBS_PER_TURN = 64;
const IDLE_MS = 1000;
/** The main thread is woken for so many replies at once, as long as there are jobs to go on with: waking it costs more
 * than a small job. */
const REPLIES_PER_RING = 4;
/** Before it sleeps, the thread looks for the next job for so long: waking costs more. */
const SPIN_MS = 0.01;
/** After it looked in vain it goes to sleep at once, but for every so many times. */
const TRIES = 16;

/**
 * The life of an executor thread: does the jobs of its slots in order until it is told to close.
 * It blocks while idle, but returns to the event loop between turns, because garbage collection of
 * weak references and the timers of libraries depend on it.
 */
export async function serve<Job, Reply>(link: ExecutorLink, service: Service<Job, Reply>): Promise<void> {
  const slots = new Slots(link.slots);
  slots.thread = ownThread();
  const gate = new Gate(slots);
  const bell = new Int32Array(link.bell);
  let slot = 0;
  let unreported = 0;
  const patience = new Patience();
  const put = (reply: Reply, target: Uint8Array): number | undefined => {
    const length = service.replies.encode(reply, target);
    if (length === undefined) link.port.postMessage(reply, []);
    return length;
  };
  const tell = (reply: Reply): void => slots.tell(slot, put(reply, slots.body(slot)));
  for (;;) {
    for (let jobs = 0; jobs < JOBS_PER_TURN; jobs++) {
      if (!patience.awaitJob(slots, slot)) break;
      if (slots.claim(slot)) {
        const job = takeJob(link, slots, slot, service.jobs);
        if (job === CLOSE) {
          slots.finish(slot, 0);
          return;
        }
        const reply = service.handle(job, gate, tell);
        slots.finish(slot, put(reply, slots.replyBody(slot)));
      } else {
        discard(link, slots, slot);
      }
      slot = nextSlot(slot);
      unreported++;
      if (unreported >= REPLIES_PER_RING || slots.state(slot) !== SlotState.queued) {
        ring(bell);
        unreported = 0;
      }
    }
    await new Promise(setImmediate);
  }
}

/** Waits for jobs; it learns whether they come soon enough to be looked for. */
class Patience {
  #isWorthIt = true;
  #waits = 0;

  /** Waits until the slot holds a job, or one that was withdrawn; false after a long idle time. */
  awaitJob(slots: Slots, slot: number): boolean {
    const began = performance.now();
    const spinUntil = this.#isWorthIt || ++this.#waits % TRIES === 0 ? began + SPIN_MS : began;
    for (let now = began; ;) {
      const state = slots.state(slot);
      if (state === SlotState.queued || state === SlotState.withdrawn) {
        if (now > began) this.#isWorthIt = now < spinUntil;
        return true;
      }
      now = performance.now();
      if (now < spinUntil) continue;
      if (now >= began + IDLE_MS) return false;
      slots.waitWhile(slot, state, began + IDLE_MS - now);
    }
  }
}

function takeJob<Job>(link: ExecutorLink, slots: Slots, slot: number, codec: Codec<Job>): Job | typeof CLOSE {
  const length = slots.length(slot);
  if (length !== undefined) {
    const body = slots.body(slot).subarray(0, length);
    const job = codec.decode(body);
    // Jobs carry keys: they shall not lie about longer than they are needed.
    body.fill(0);
    return job;
  }
  return receive(link) as Job | typeof CLOSE;
}

function discard(link: ExecutorLink, slots: Slots, slot: number): void {
  if (slots.length(slot) === undefined) receive(link);
  slots.release(slot);
}

function receive(link: ExecutorLink): unknown {
  const received = receiveMessageOnPort(link.port);
  if (received === undefined) throw new Error('a slot announced a message that is not in the port');
  return received.message;
}

function ring(bell: Int32Array): void {
  if (Atomics.load(bell, 0) === 1 && Atomics.exchange(bell, 0, 0) === 1) parentPort?.postMessage(null, []);
}
