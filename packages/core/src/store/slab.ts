const SLAB_BYTES = 256 * 1024;
const LARGEST = SLAB_BYTES / 8;

/**
 * Copies many small byte strings into few large ones: taking memory for each costs more than reading
 * it. A copy that is kept keeps its whole slab, so this is for what is soon let go.
 */
export class Slab {
  #bytes = new Uint8Array(0);
  #at = 0;

  copy(view: Uint8Array): Uint8Array {
    const { length } = view;
    if (length > LARGEST) return new Uint8Array(view);
    if (this.#at + length > this.#bytes.length) {
      this.#bytes = new Uint8Array(SLAB_BYTES);
      this.#at = 0;
    }
    const start = this.#at;
    this.#bytes.set(view, start);
    this.#at += length;
    return this.#bytes.subarray(start, start + length);
  }
}
