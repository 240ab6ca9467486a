import { eprint } from './host';

/**
 * Ends the call; nothing it did is kept. The reason reaches the caller inside the encrypted failure, and nobody else.
 *
 * How it travels: `revert: <reason>` is printed, and the contract traps right after. A worker that keeps the last line a
 * contract printed and finds this prefix adds `: <reason>` to the text of the failed task. The price of gas is that of any
 * other print and trap, so the receipt is the same on a worker that does not know the prefix.
 */
export function revert(reason: string): void {
  const text = String.UTF8.encode('revert: ' + reason);
  eprint(changetype<usize>(text), text.byteLength);
  unreachable();
}

/** Reverts with the reason unless the condition holds. */
export function require(condition: bool, reason: string): void {
  if (!condition) revert(reason);
}

/** What the language calls for `throw`, a failed `assert` and an index out of range. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  revert(message === null ? 'aborted' : message);
}
