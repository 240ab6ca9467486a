import type { Enclave } from '../enclave/enclave.js';
import type { InstantHandler } from './handler.js';

/**
 * GetPTTRequest: a request for state keys, to be carried to the principal node. Addresses make it one of the seed's age.
 * Source: docs/protocol.md, "Dialects".
 */
export function getPttRequest(enclave: Pick<Enclave, 'createExchange'>): InstantHandler<'GetPTTRequest'> {
  return { work: 'instant', answer: ({ addresses }) => enclave.createExchange(addresses) };
}
