import type { Dialect } from '@enigma-worker/protocol';
import type { Enclave } from '../enclave/enclave.js';
import type { InstantHandler } from './handler.js';

/**
 * GetPTTRequest: a request for state keys, to be carried to the principal node. Addresses make it one of the seed's age,
 * but for peers of version 0.3: theirs name them to the principal node instead.
 * Source: docs/protocol.md, "Dialects".
 */
export function getPttRequest(
  enclave: Pick<Enclave, 'createExchange'>,
  dialect: Dialect,
): InstantHandler<'GetPTTRequest'> {
  return {
    work: 'instant',
    answer: ({ addresses }) => enclave.createExchange(dialect === 'seed' ? addresses : undefined),
  };
}
