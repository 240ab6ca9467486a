import type { HostContext } from './context.js';

const decoder = new TextDecoder();

/** No developer reads more than this of one line. */
const mostBytes = 4096;

/** A line that begins with this, printed right before a trap, says why the contract reverts. */
const revertPrefix = 'revert: ';

/**
 * `eprint(pointer, length)`: prints a text for the contract's developer, if somebody listens. The last line of a contract that
 * then executes `unreachable` may be the reason, which goes into the text of the failed task, encrypted for the caller. It
 * changes neither gas nor receipt.
 */
export function eprint(host: HostContext, pointer: number, length: number): void {
  const bytes = host.memory.read(pointer, length);
  const text = decoder.decode(bytes.subarray(0, mostBytes));
  host.revertReason = text.startsWith(revertPrefix) ? text.slice(revertPrefix.length) : undefined;
  host.print?.(text);
}
