/**
 * Every price of gas. A contract's gas is a consensus figure and part of a signed receipt: nothing here may change.
 *
 * Source: docs/protocol.md, sections "Gas" and "Contracts".
 */
export const gasPrices = {
  /** Start value of each metered block (function body, `block`, `loop`, each arm of an `if`); its instructions are added. */
  block: 1,
  /** An instruction without a line of its own, `block`, `loop` and `if` included (they are paid in the enclosing block). */
  instruction: 1,
  /** `end` and `else`. */
  structure: 0,
  /** A load from or a store to memory. */
  memoryAccess: 2,
  /** Integer division or remainder, 32 or 64 bits, signed or not. */
  integerDivision: 16,
  /** Integer multiplication, 32 or 64 bits. */
  integerMultiplication: 4,
  /** `memory.grow`, for each page asked for, granted or not; on top of the instruction itself. */
  growPage: 8192,
  /** `memory.copy`, `memory.fill`, `memory.init`: the instruction itself. */
  bulkMemory: 2,
  /** `memory.copy`, `memory.fill`, `memory.init`: for each 8 bytes begun, on top of the instruction itself. */
  bulkMemoryWord: 1,
  /** `write_state`, whatever its length. */
  writeState: 10,
  /** `write_state`, for each byte by which the new text is longer than the old; each byte shorter is refunded the same. */
  writeStateByte: 1,
  /** A deployment, after the constructor: for each byte of its result, the exe code. */
  deployByte: 1,
  /** A computation, after the run. */
  compute: 10_000,
} as const;

/** How many bytes `memory.copy`, `memory.fill` and `memory.init` move for one {@link gasPrices.bulkMemoryWord}. */
export const bulkMemoryWordBytes = 8;
