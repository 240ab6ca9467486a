import type { HostContext } from './context.js';

/** `fetch_args_length() -> length`: bytes of the ABI-encoded arguments. */
export function fetchArgsLength(host: HostContext): number {
  return host.args.length;
}
