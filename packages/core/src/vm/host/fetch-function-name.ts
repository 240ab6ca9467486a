import type { HostContext } from './context.js';

/** `fetch_function_name(destination)`: writes the name of the called function. */
export function fetchFunctionName(host: HostContext, destination: number): void {
  host.memory.write(destination, host.functionName.length).set(host.functionName);
}
