import { equalBytes, hkdfSha256, keccak256, utf8 } from '@enigma-worker/crypto';
import { bytesKey } from '../../bytes/bytes-key.js';
import { ByteLru } from '../../collections/byte-lru.js';

/** The keys that protect a contract's state at rest, all made from its state key. */
export interface StateKeys {
  /** Opens and seals deltas: the contract's state key itself, as all workers know it. */
  readonly delta: Uint8Array;
  /** Seals the values of this worker's own store. */
  readonly value: Uint8Array;
  /** Hides the names of keys in this worker's own store. */
  readonly tag: Uint8Array;
}

/** Bytes of a tag. */
export const TAG_LENGTH = 16;

const NO_SALT = new Uint8Array(0);
const VALUE_PURPOSE = utf8('enigma-worker/state/value/1');
const TAG_PURPOSE = utf8('enigma-worker/state/tag/1');
// No UTF-8 text holds this byte, so no key of a contract has the same tag.
const WHOLE_STATE = Uint8Array.of(0xff);

/** Makes the keys of a contract's state from its state key, 32 bytes. Source: RFC 5869. */
export function deriveStateKeys(stateKey: Uint8Array): StateKeys {
  return {
    delta: stateKey,
    value: hkdfSha256(stateKey, NO_SALT, VALUE_PURPOSE),
    tag: hkdfSha256(stateKey, NO_SALT, TAG_PURPOSE),
  };
}

/**
 * What stands for a key of the state in the store: Keccak-256 over tag key and name, cut to 16 bytes.
 * (A sponge with the key in front is a sound keyed hash, and far cheaper here than HMAC.)
 */
export function keyTag(keys: StateKeys, name: string): Uint8Array {
  return tagOf(keys, utf8(name));
}

/** What stands for a whole state that is no object. */
export function wholeStateTag(keys: StateKeys): Uint8Array {
  return tagOf(keys, WHOLE_STATE);
}

function tagOf(keys: StateKeys, name: Uint8Array): Uint8Array {
  const message = new Uint8Array(keys.tag.length + name.length);
  message.set(keys.tag);
  message.set(name, keys.tag.length);
  return keccak256(message).slice(0, TAG_LENGTH);
}

/** Remembers derived keys, since deriving them takes longer than reading a value. */
export class StateKeyCache {
  readonly #derived: ByteLru<StateKeys>;

  /** @param contracts how many are remembered */
  constructor(contracts = 1024) {
    this.#derived = new ByteLru(contracts);
  }

  /** The keys of a contract. */
  keys(address: Uint8Array, stateKey: Uint8Array): StateKeys {
    const name = bytesKey(address);
    const known = this.#derived.get(name);
    if (known !== undefined && equalBytes(known.delta, stateKey)) return known;
    const derived = deriveStateKeys(stateKey);
    this.#derived.set(name, derived, 1);
    return derived;
  }
}
