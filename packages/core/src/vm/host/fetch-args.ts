import type { HostContext } from './context.js';

/** `fetch_args(destination)`: writes the ABI-encoded arguments. */
export function fetchArgs(host: HostContext, destination: number): void {
  host.memory.write(destination, host.args.length).set(host.args);
}
