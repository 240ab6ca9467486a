import { be64, concat, lengthPrefixed } from '@enigma-worker/crypto';
import type { StakedWorker } from './selection.js';
import { word } from './word.js';

/**
 * How the parameters of an epoch are laid out before the principal signs them. The two contracts of the deployed
 * network each accept one: `nested` the later, `flat` the earlier.
 */
export type EpochEncoding = 'nested' | 'flat';

/** The parameters of an epoch. */
export interface EpochParameters {
  /** The epoch's random number, below 2^256. */
  readonly seed: bigint;
  /** Counts the principal's epochs. */
  readonly nonce: bigint;
  readonly workers: readonly StakedWorker[];
}

const SCALAR = Uint8Array.of(0);
const LIST = Uint8Array.of(1);

/**
 * The bytes a principal signs over an epoch.
 * Source: docs/protocol.md, "Signature of worker parameters".
 */
export function epochImage(parameters: EpochParameters, encoding: EpochEncoding): Uint8Array {
  const { seed, nonce, workers } = parameters;
  const addresses = workers.map(({ address }) => address);
  const stakes = workers.map(({ stake }) => word(stake));
  if (encoding === 'flat') {
    const count = be64(workers.length);
    return concat(
      lengthPrefixed(word(seed), word(nonce)),
      count,
      lengthPrefixed(...addresses),
      count,
      lengthPrefixed(...stakes),
    );
  }
  return concat(
    nestedScalar(word(seed)),
    nestedScalar(word(nonce)),
    nestedList(addresses.map(nestedScalar)),
    nestedList(stakes.map(nestedScalar)),
  );
}

/** One value of the nested encoding: `00`, length, bytes. */
export function nestedScalar(bytes: Uint8Array): Uint8Array {
  return concat(SCALAR, lengthPrefixed(bytes));
}

/** A list of the nested encoding: `01`, length of the encoded items together, items. */
export function nestedList(encodedItems: readonly Uint8Array[]): Uint8Array {
  return concat(LIST, lengthPrefixed(concat(...encodedItems)));
}
