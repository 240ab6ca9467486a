/** Bytes before what is sealed: length(4) ‖ its complement(4), little-endian. */
export const RECORD_HEAD = 8;
/** Records begin at multiples of this, so that no page boundary cuts a head. */
export const ALIGNMENT = 16;
/** Bytes of a record's end that bind the next one to it. */
export const LINK_LENGTH = 16;

/** A place between two records. */
export interface Position {
  readonly offset: number;
  /** How many records are before it. */
  readonly count: number;
  /** The end of the record before it, by which the next one is bound to it. */
  readonly link: Uint8Array;
}

/** The place after a record. */
export function after({ offset, count }: Position, sealed: Uint8Array): Position {
  const end = offset + RECORD_HEAD + sealed.length;
  return {
    offset: Math.ceil(end / ALIGNMENT) * ALIGNMENT,
    count: count + 1,
    link: sealed.slice(-LINK_LENGTH),
  };
}

/** The length in a record's head, when it agrees with its complement. */
export function lengthOf(head: Uint8Array): number | undefined {
  if (head.length < RECORD_HEAD) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const length = view.getUint32(0, true);
  return view.getUint32(4, true) === ~length >>> 0 && length > 0 ? length : undefined;
}
