import type { HostContext } from './context.js';

/** `fetch_function_name(destination)`: writes the name of the called function, in UTF-8. */
export function fetchFunctionName(host: HostContext, destination: number): void {
  host.writeText(destination, host.functionName);
}
