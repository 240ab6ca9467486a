/** Why a report was refused. */
export type RefusalCode =
  /** Evidence, quote, report or certificate that cannot be read; also what is longer than allowed. */
  | 'MALFORMED'
  /** The evidence is not signed by the signing key that it is presented with. */
  | 'NOT_BY_SIGNING_KEY'
  /** The platform signed other report data than this signing key and these claims give. */
  | 'REPORT_DATA_MISMATCH'
  | 'SIMULATION_NOT_ALLOWED'
  /** A claim (protocol version, code measurement, sealing mode) that the policy does not accept. */
  | 'CLAIM_NOT_ACCEPTED'
  | 'MEASUREMENT_NOT_ACCEPTED'
  | 'DEBUG_NOT_ALLOWED'
  /** A platform whose firmware or microcode is not in a state that the policy accepts. */
  | 'TCB_NOT_ACCEPTED'
  /** The policy brings nothing to check this kind of report with. */
  | 'COLLATERAL_MISSING'
  /** Collateral that cannot be read or is not signed by whom it should be. */
  | 'COLLATERAL_INVALID'
  /** Collateral or a certificate that is not valid at the time of the policy. */
  | 'EXPIRED'
  | 'REVOKED'
  /** A certificate chain that does not lead to the root of the policy. */
  | 'UNTRUSTED_CHAIN'
  /** A report that the key of its chain did not sign, or that its platform's rules refuse. */
  | 'QUOTE_NOT_GENUINE'
  /** A kind, version or algorithm that this verifier does not know. */
  | 'UNSUPPORTED';

/** Ends a verification; `verifyReport` turns it into a value. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
