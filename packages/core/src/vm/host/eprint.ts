import type { HostContext } from './context.js';

const decoder = new TextDecoder();

/** No developer reads more than this of one line. */
const mostBytes = 4096;

/** `eprint(pointer, length)`: prints a text for the contract's developer, if somebody listens. */
export function eprint(host: HostContext, pointer: number, length: number): void {
  const text = host.memory.read(pointer, length);
  host.print?.(decoder.decode(text.subarray(0, mostBytes)));
}
