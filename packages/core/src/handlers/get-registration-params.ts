import type { Enclave } from '../enclave/enclave.js';
import type { SlowHandler } from './handler.js';

/** GetRegistrationParams: the worker's identity and the report about the code that holds its key. */
export function getRegistrationParams(
  enclave: Pick<Enclave, 'registration'>,
): SlowHandler<'GetRegistrationParams'> {
  return { work: 'read', answer: () => enclave.registration() };
}
