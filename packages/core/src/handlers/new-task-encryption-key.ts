import type { Enclave } from '../enclave/enclave.js';
import type { InstantHandler } from './handler.js';

/** NewTaskEncryptionKey: a fresh key under which a user encrypts one task. */
export function newTaskEncryptionKey(
  enclave: Pick<Enclave, 'newTaskKey'>,
): InstantHandler<'NewTaskEncryptionKey'> {
  return { work: 'instant', answer: ({ userPubKey }) => enclave.newTaskKey(userPubKey) };
}
