import type { CallSuccess } from '../../vm/call.js';
import type { TaskResult } from '../enclave.js';

/** What goes to Ethereum as results and receipts have it: empty and zeros when nothing does. */
export function ethereumOf({
  ethereum,
}: CallSuccess): Pick<TaskResult, 'ethereumPayload' | 'ethereumAddress'> {
  return {
    ethereumPayload: ethereum?.payload ?? new Uint8Array(0),
    ethereumAddress: ethereum?.address ?? new Uint8Array(20),
  };
}
