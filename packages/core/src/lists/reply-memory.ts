/** Smaller replies get memory of their own, which costs little. */
const SMALLEST = 1 << 20;
/** Sizes are multiples of this, so that replies of about the same size share memory. */
const STEP = 1 << 20;
/** Bytes kept for replies to come, and for how long, in ms, after the last one left. */
const MOST_KEPT = 64 << 20;
const KEPT_FOR = 2_000;

/**
 * Memory of large replies, used again when they have left. Fresh memory is filled page by page by the
 * kernel and makes the collector run over and over: a third of the cost of a reply of some megabytes.
 */
export class ReplyMemory {
  /** In use; what never comes back, because its peer is gone, is collected like any other. */
  readonly #lent = new WeakSet<ArrayBufferLike>();
  #free: Uint8Array[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** At least so many bytes, in which anything may be. */
  take(bytes: number): Uint8Array {
    if (bytes < SMALLEST) return new Uint8Array(bytes);
    const at = this.#free.findIndex(({ length }) => length >= bytes && length <= 2 * bytes + STEP);
    const [memory = new Uint8Array(Math.ceil(bytes / STEP) * STEP)] = at < 0 ? [] : this.#free.splice(at, 1);
    this.#lent.add(memory.buffer);
    return memory;
  }

  /** Takes back what {@link take} gave; any other bytes are nothing to it. */
  giveBack({ buffer }: Uint8Array): void {
    if (this.#lent.delete(buffer)) this.keep(buffer);
  }

  /** Takes memory of a reply that has been in another thread meanwhile. */
  keep(buffer: ArrayBufferLike): void {
    if (buffer.byteLength < SMALLEST) return;
    const kept = this.#free.reduce((sum, { length }) => sum + length, 0);
    if (kept + buffer.byteLength <= MOST_KEPT) this.#free.push(new Uint8Array(buffer));
    this.#timer ??= setTimeout(() => this.#letGo(), KEPT_FOR).unref();
    this.#timer.refresh();
  }

  #letGo(): void {
    this.#timer = undefined;
    this.#free = [];
  }
}
