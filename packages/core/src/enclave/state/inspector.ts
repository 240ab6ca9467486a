import { CryptoError } from '@enigma-worker/crypto';
import { openDelta, StateError } from '@enigma-worker/protocol';
import type { ContractInspector, Inspector } from '../../store/tools/verify.js';
import { DamagedStateError } from './errors.js';
import { deriveStateKeys } from './keys.js';
import { openValue } from './sealed-value.js';

/** Looks into the sealed data of contracts whose state keys are at hand, for `verifyStore`. */
export function stateInspector(stateKeyOf: (address: Uint8Array) => Uint8Array | undefined): Inspector {
  return {
    contract(address) {
      const stateKey = stateKeyOf(address);
      return stateKey && contractInspector(address, stateKey);
    },
  };
}

function contractInspector(address: Uint8Array, stateKey: Uint8Array): ContractInspector {
  const keys = deriveStateKeys(stateKey);
  return {
    previousHash(delta) {
      try {
        return openDelta(stateKey, delta).previousHash;
      } catch (error) {
        if (error instanceof CryptoError || error instanceof StateError) return undefined;
        throw error;
      }
    },
    opens(stateId, tag, value) {
      try {
        openValue(keys, { address, stateId, tag }, value);
        return true;
      } catch (error) {
        if (error instanceof DamagedStateError) return false;
        throw error;
      }
    },
  };
}
