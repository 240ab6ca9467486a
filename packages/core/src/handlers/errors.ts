import { AttestationError } from '../enclave/attestation/provider.js';
import { EnclaveError } from '../enclave/errors.js';
import { StoreError } from '../store/errors.js';

/** Codes of requests that are well formed and cannot be served. */
export type HandlerErrorCode =
  /** No such contract, or it has no delta. */
  | 'UNKNOWN_CONTRACT'
  /** The contract has no delta with that key. */
  | 'UNKNOWN_DELTA';

/** A request that is well formed and cannot be served. */
export class HandlerError extends Error {
  override readonly name = 'HandlerError';
  readonly code: HandlerErrorCode;

  constructor(code: HandlerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const EXPECTED = [HandlerError, EnclaveError, StoreError, AttestationError] as const;

/** The code of an error whose text is meant for the peer; undefined for a bug, whose text is not. */
export function expectedCode(error: unknown): string | undefined {
  for (const kind of EXPECTED) if (error instanceof kind) return error.code;
  return undefined;
}
