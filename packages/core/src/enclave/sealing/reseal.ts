import { type Sealer, SealingError } from './sealer.js';

/** A sealed value with the label that it was sealed under. */
export interface SealedBlob {
  readonly label: string;
  readonly sealed: Uint8Array;
}

/**
 * The same secrets under another sealing key, in the same order. A pure function: nothing is
 * written. Values that already open under `to` are kept, so a rotation that was cut short can be run
 * again over the same store.
 *
 * To rotate safely: take all blobs of the store, reseal them, write them back in one transaction (or
 * write them all beside the old ones and switch over), and only then remove the old key. Until the
 * transaction commits the old key opens everything, afterwards the new key does.
 * @throws SealingError when a value opens under neither key; then nothing should be written
 */
export function reseal(blobs: Iterable<SealedBlob>, from: Sealer, to: Sealer): SealedBlob[] {
  return Array.from(blobs, (blob) => resealOne(blob, from, to));
}

function resealOne(blob: SealedBlob, from: Sealer, to: Sealer): SealedBlob {
  try {
    to.open(blob.label, blob.sealed);
    return blob;
  } catch (error) {
    if (!(error instanceof SealingError && error.code === 'WRONG_KEY')) throw error;
  }
  const secret = from.open(blob.label, blob.sealed);
  try {
    return { label: blob.label, sealed: to.seal(blob.label, secret) };
  } finally {
    secret.fill(0);
  }
}
