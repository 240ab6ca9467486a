import type { HostContext } from './context.js';

/** `fetch_function_name_length() -> length`: bytes in the name of the called function. */
export function fetchFunctionNameLength(host: HostContext): number {
  return Buffer.byteLength(host.functionName);
}
