import { type AttestedClaims, PROTOCOL_VERSION } from '@enigma-worker/attestation';
import type { AttestedIdentity } from './provider.js';

/** What this worker claims about itself in a report about `identity`. */
export function claimsOf(identity: AttestedIdentity, codeMeasurement: Uint8Array): AttestedClaims {
  return { protocolVersion: PROTOCOL_VERSION, codeMeasurement, sealingMode: identity.sealingMode };
}
