import { toHex } from '@enigma-worker/crypto';
import { doesNotExist } from '../../store/errors.js';
import { insideEnclave } from '../errors.js';
import type { ErrorReply } from './messages.js';

/** The worker has no state key for a contract. */
export function missingStateKey(address: Uint8Array): ErrorReply {
  const detail = `no state key for contract ${toHex(address)}, a key exchange must bring it first`;
  return { kind: 'error', code: 'STATE_KEY_MISSING', message: insideEnclave('KeysError', detail) };
}

/** There is no code under this address. Source: docs/protocol.md, "Errors". */
export function unknownContract(address: Uint8Array): ErrorReply {
  return { kind: 'error', code: 'UNKNOWN_CONTRACT', message: doesNotExist('get_contract', address) };
}
