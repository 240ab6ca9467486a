import type { Enclave } from '../enclave/enclave.js';
import type { SlowHandler } from './handler.js';

/** PTTResponse: the principal's answer, with state keys; replies with the contracts whose state could not be built. */
export function pttResponse(enclave: Pick<Enclave, 'acceptExchange'>): SlowHandler<'PTTResponse'> {
  return {
    work: 'write',
    answer: async ({ response, sig }) => ({ errors: [...(await enclave.acceptExchange(response, sig))] }),
  };
}
