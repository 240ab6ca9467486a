/** Longer views are not remembered. */
const LONGEST = 4096;

/**
 * Views of the first bytes of a buffer, remembered by their length: the binding puts value after value
 * into the same buffer, and making a view of it anew costs as much as a quarter of the read.
 */
export class HeadViews {
  #buffer: ArrayBufferLike | undefined;
  #offset = 0;
  #views: (Uint8Array | undefined)[] = [];

  /** The first `length` of some bytes; the same object may be given again once these are overwritten. */
  of(bytes: Uint8Array, length: number): Uint8Array {
    const { buffer, byteOffset } = bytes;
    if (length > LONGEST) return new Uint8Array(buffer, byteOffset, length);
    if (buffer !== this.#buffer || byteOffset !== this.#offset) {
      this.#buffer = buffer;
      this.#offset = byteOffset;
      this.#views = [];
    }
    return (this.#views[length] ??= new Uint8Array(buffer, byteOffset, length));
  }
}
