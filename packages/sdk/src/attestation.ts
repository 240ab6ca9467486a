/**
 * What a user needs to judge the code behind a worker's address before trusting it with a secret. An entry
 * of its own, because the verifier of quotes is larger than all the rest of the SDK.
 */
export {
  type AcceptedClaims,
  describeReport,
  describeVerdict,
  type DescriptionLine,
  type DcapCollateral,
  type DcapPolicy,
  fetchDcapCollateral,
  INTEL_PCS,
  type Measurement,
  parsePolicy,
  type Policy,
  PolicyError,
  type RefusalCode,
  type RegistrationParams,
  type SevSnpPolicy,
  type SevSnpTcb,
  type TcbStatus,
  type Verdict,
  type VerifiedReport,
  verifyReport,
} from '@enigma-worker/attestation';
