import { fromHex, HexError } from '@enigma-worker/crypto';
import type { RegistrationDesk } from '../authorisation/registration.js';
import { RpcError } from './errors.js';
import type { RpcMethod } from './server.js';

/**
 * Takes a worker's registration parameters, `{signingKey, report, signature}` as hex, as
 * GetRegistrationParams gives them, and admits the worker if they satisfy the policy. Ours: the
 * deployed network registered workers on the chain.
 * @returns `{validUntil}`, milliseconds since 1970
 */
export function registerWorker(desk: RegistrationDesk): RpcMethod {
  return async (json) => {
    const { signingKey, report, signature } = (json ?? {}) as Record<string, unknown>;
    const outcome = await desk.register({
      signingKey: bytesOf('signingKey', signingKey, 20),
      report: bytesOf('report', report),
      signature: bytesOf('signature', signature, 65),
    });
    if (!outcome.accepted) throw new RpcError('NOT_AUTHORISED', `registration refused: ${outcome.reason}`);
    return { validUntil: outcome.validUntil };
  };
}

function bytesOf(field: string, value: unknown, length?: number): Uint8Array {
  if (typeof value !== 'string') throw new RpcError('INVALID_PARAMS', `${field}: expected hex`);
  try {
    const bytes = fromHex(value);
    if (length === undefined || bytes.length === length) return bytes;
    throw new RpcError('INVALID_PARAMS', `${field}: expected ${length} bytes, got ${bytes.length}`);
  } catch (error) {
    if (!(error instanceof HexError)) throw error;
    throw new RpcError('INVALID_PARAMS', `${field}: ${error.message}`);
  }
}
