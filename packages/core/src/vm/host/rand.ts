import type { HostContext } from './context.js';

/** `rand(pointer, length)`: fills a part of memory with random bytes. */
export function rand(host: HostContext, pointer: number, length: number): void {
  host.random.draw(host.memory.write(pointer, length));
}
