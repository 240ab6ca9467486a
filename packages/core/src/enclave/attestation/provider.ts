/** Whom a report is about: what the enclave tells an attestation provider. */
export interface AttestedIdentity {
  /** 20 bytes: the address of the signing key, to which the report is bound. */
  readonly signingAddress: Uint8Array;
  /** The mode of the sealer that keeps the signing key. */
  readonly sealingMode: string;
  /** Signs a message with the signing key (65 bytes). */
  sign(message: Uint8Array): Uint8Array;
}

/** What GetRegistrationParams hands out, besides the signing address. */
export interface AttestationReport {
  /** The evidence: UTF-8 JSON, read by `verifyReport` of @enigma-worker/attestation. */
  readonly report: Uint8Array;
  /** The signing key's signature of the report's bytes (65 bytes). */
  readonly signature: Uint8Array;
}

/** Makes the report by which a stranger learns what code holds the signing key. */
export interface AttestationProvider {
  readonly kind: AttestationKind;
  /**
   * The report about an identity; a recent one may be returned again.
   * @throws AttestationError when the platform refuses, after all retries
   */
  report(identity: AttestedIdentity): Promise<AttestationReport>;
}

/** `tsm` stands for Intel TDX and AMD SEV-SNP: the kernel tells which. */
export type AttestationKind = 'simulation' | 'gramine' | 'tsm';

/** Codes of everything that can go wrong while a report is made. */
export type AttestationErrorCode =
  | 'PROVIDER_MISSING'
  | 'PERMISSIONS'
  | 'BUSY'
  | 'OVERSIZE'
  | 'GENERATION_RACE'
  | 'TIMEOUT'
  | 'INVALID_QUOTE'
  | 'IO';

/** An expected failure to make a report. */
export class AttestationError extends Error {
  override readonly name = 'AttestationError';
  readonly code: AttestationErrorCode;

  constructor(code: AttestationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
