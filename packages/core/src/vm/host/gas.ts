import type { HostContext } from './context.js';

/** `gas(amount)`: charges `amount`, for contracts that were metered by their author. */
export function gas(host: HostContext, amount: number): void {
  host.meter.charge(amount >>> 0);
}
