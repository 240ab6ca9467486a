// The hand-over of jobs between the main thread and one executor: a ring of slots in shared memory.
//
//   main:   FREE -> QUEUED               thread: QUEUED -> RUNNING [-> TOLD] -> DONE
//           QUEUED -> WITHDRAWN                  WITHDRAWN -> FREE
//           DONE -> FREE
//
// A slot that is TOLD holds a first part of the answer, on which the main thread may work while the thread makes the
// rest; the reply then lies behind it. Both sides walk the ring in the same order, so a job is never overtaken by a
// later one. Each transition is one atomic store or compare-and-swap; the thread sleeps on the state of the slot that
// comes next, and says so, because waking nobody is not free either. A message that does not fit its slot travels
// through a MessagePort, and the slot says so: the port keeps the order of the slots.

/** How many jobs one executor may hold. */
export const SLOT_COUNT = 8;
/** Longest message that travels in a slot, in bytes. */
export const SLOT_CAPACITY = 32 * 1024;

/** Where a slot stands. */
export const SlotState = { free: 0, queued: 1, running: 2, done: 3, withdrawn: 4, told: 5 } as const;

/** Whether the thread may be ended where it is. */
const GateState = { shut: 0, open: 1, seized: 2 } as const;

/** The length that stands for "the message is in the port". */
const IN_PORT = -1;
const CONTROL_BYTES = SLOT_COUNT * 20 + 12;

/** Milliseconds by a clock that all threads share and nobody sets. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** The slots of one executor, seen from either side. */
export class Slots {
  /** The shared memory, to be given to the other side. */
  readonly memory: SharedArrayBuffer;
  readonly #states: Int32Array;
  readonly #lengths: Int32Array;
  readonly #since: Float64Array;
  /** One word: the slot, counted from one, on whose state the thread sleeps, or is about to; zero while it is awake. */
  readonly #asleep: Int32Array;
  /** One word: a {@link GateState}. */
  readonly #gate: Int32Array;
  /** One word: see {@link thread}. */
  readonly #thread: Int32Array;
  /** Lengths of what was told; 0 where nothing was. */
  readonly #told: Int32Array;
  readonly #bodies: readonly Uint8Array[];

  constructor(memory = new SharedArrayBuffer(CONTROL_BYTES + SLOT_COUNT * SLOT_CAPACITY)) {
    this.memory = memory;
    this.#states = new Int32Array(memory, 0, SLOT_COUNT);
    this.#lengths = new Int32Array(memory, SLOT_COUNT * 4, SLOT_COUNT);
    this.#since = new Float64Array(memory, SLOT_COUNT * 8, SLOT_COUNT);
    this.#asleep = new Int32Array(memory, SLOT_COUNT * 16, 1);
    this.#gate = new Int32Array(memory, SLOT_COUNT * 16 + 4, 1);
    this.#thread = new Int32Array(memory, SLOT_COUNT * 16 + 8, 1);
    this.#told = new Int32Array(memory, SLOT_COUNT * 16 + 12, SLOT_COUNT);
    this.#bodies = Array.from(
      { length: SLOT_COUNT },
      (_, slot) => new Uint8Array(memory, CONTROL_BYTES + slot * SLOT_CAPACITY, SLOT_CAPACITY),
    );
  }

  /** By what number the system knows the thread; 0 before it told. */
  get thread(): number {
    return Atomics.load(this.#thread, 0);
  }

  set thread(number: number) {
    Atomics.store(this.#thread, 0, number);
  }

  state(slot: number): number {
    return Atomics.load(this.#states, slot);
  }

  /** The slot's bytes: to be touched only by the side whose turn it is. */
  body(slot: number): Uint8Array {
    return this.#bodies[slot]!;
  }

  /** Length of the slot's message, or `undefined` when the message is in the port. */
  length(slot: number): number | undefined {
    return lengthOf(this.#lengths[slot]!);
  }

  /** Length of what was told before the reply, 0 when nothing was, or `undefined` when it is in the port. */
  told(slot: number): number | undefined {
    return lengthOf(this.#told[slot]!);
  }

  /** The slot's bytes behind what was told: where the reply is. */
  replyBody(slot: number): Uint8Array {
    const told = this.told(slot) ?? 0;
    return told === 0 ? this.body(slot) : this.body(slot).subarray(told);
  }

  /** When the job of a running slot began, by {@link monotonicMs}. */
  since(slot: number): number {
    return this.#since[slot]!;
  }

  /** Main: gives the thread a job. `length` as {@link length}. */
  queue(slot: number, length: number | undefined): void {
    this.#lengths[slot] = length ?? IN_PORT;
    Atomics.store(this.#states, slot, SlotState.queued);
    this.#wake(slot);
  }

  /** Main: takes a job back; false when the thread has begun it. */
  withdraw(slot: number): boolean {
    const { queued, withdrawn } = SlotState;
    const taken = Atomics.compareExchange(this.#states, slot, queued, withdrawn) === queued;
    if (taken) this.#wake(slot);
    return taken;
  }

  /** Thread: begins a job; false when there is none or it was withdrawn. */
  claim(slot: number): boolean {
    const { queued, running } = SlotState;
    this.#since[slot] = monotonicMs();
    this.#told[slot] = 0;
    return Atomics.compareExchange(this.#states, slot, queued, running) === queued;
  }

  /** Thread: hands over what it knows before the reply. `length` as {@link length}, but not 0. */
  tell(slot: number, length: number | undefined): void {
    this.#told[slot] = length ?? IN_PORT;
    Atomics.store(this.#states, slot, SlotState.told);
  }

  /** Thread: hands the reply over. `length` as {@link length}. */
  finish(slot: number, length: number | undefined): void {
    this.#lengths[slot] = length ?? IN_PORT;
    Atomics.store(this.#states, slot, SlotState.done);
  }

  /** Either side: the slot's message has been read. */
  release(slot: number): void {
    Atomics.store(this.#states, slot, SlotState.free);
    this.#wake(slot);
  }

  /** Thread: sleeps while the slot stays in a state, at most `milliseconds`. */
  waitWhile(slot: number, state: number, milliseconds: number): void {
    Atomics.store(this.#asleep, 0, slot + 1);
    // Whoever changed the state before it saw the mark makes this return at once.
    Atomics.wait(this.#states, slot, state, milliseconds);
    Atomics.store(this.#asleep, 0, 0);
  }

  /** Thread: may be ended from now on. */
  openGate(): void {
    Atomics.store(this.#gate, 0, GateState.open);
  }

  /** Thread: must not be ended any more. Does not return when it is too late for that. */
  shutGate(): void {
    const { shut, open, seized } = GateState;
    if (Atomics.compareExchange(this.#gate, 0, open, shut) === seized) Atomics.wait(this.#gate, 0, seized);
  }

  /** Main: holds the thread where it may be ended; false when it is not there. */
  seize(): boolean {
    const { open, seized } = GateState;
    return Atomics.compareExchange(this.#gate, 0, open, seized) !== GateState.shut;
  }

  #wake(slot: number): void {
    // Whoever sees the mark takes it away: a thread that was called needs some time to get up, and no second call.
    const { notify, compareExchange } = Atomics;
    if (compareExchange(this.#asleep, 0, slot + 1, 0) === slot + 1) notify(this.#states, slot, 1);
  }
}

function lengthOf(length: number): number | undefined {
  return length === IN_PORT ? undefined : length;
}

/** The slot after another one. */
export function nextSlot(slot: number): number {
  return slot + 1 === SLOT_COUNT ? 0 : slot + 1;
}
