import { stop } from '../failure.js';
import type { HostContext } from './context.js';

/** `ret(pointer, length)`: sets the result of the call; the last one counts, and the contract runs on. */
export function ret(host: HostContext, pointer: number, length: number): void {
  const result = host.memory.read(pointer, length);
  const most = host.limits.resultBytes;
  if (result.length > most)
    throw stop(`ret: the result has ${result.length} bytes, at most ${most} are allowed`);
  host.result = result.slice();
}
