import { toHex } from '@enigma-worker/crypto';
import { join } from 'node:path';
import { rewriteSealed } from '../../store/tools/rewrite-sealed.js';
import { labelOf } from '../state-keys.js';
import { reseal } from './reseal.js';
import type { Sealer } from './sealer.js';

/**
 * Moves all secrets of a stopped worker to another sealing key, in one commit: after a crash either
 * the old key opens everything or the new one does. Where it was the new one already, nothing changes.
 * Pages of the file that are free may hold values sealed under the old key until they are written again:
 * to be rid of those, back the store up and restore it, and then destroy the old key.
 * The journal of a store in memory is written anew as a whole.
 * @param dataDir as given to `startWorker`
 * @returns how many secrets are now sealed under the new key
 * @throws SealingError when a value opens under neither key; StoreError `LOCKED` while a worker runs
 */
export async function resealStore(dataDir: string, from: Sealer, to: Sealer): Promise<number> {
  const { blobs, stateKeys } = await rewriteSealed(join(dataDir, 'store'), { from, to }, (entries) => {
    const resealed = reseal(
      [
        ...entries.blobs.map(({ name, sealed }) => ({ label: name, sealed })),
        ...entries.stateKeys.map(({ address, sealed }) => ({ label: labelOf(toHex(address)), sealed })),
      ],
      from,
      to,
    );
    const sealedAt = (index: number): Uint8Array => resealed[index]!.sealed;
    return {
      blobs: entries.blobs.map(({ name }, index) => ({ name, sealed: sealedAt(index) })),
      stateKeys: entries.stateKeys.map(({ address }, index) => ({
        address,
        sealed: sealedAt(entries.blobs.length + index),
      })),
    };
  });
  return blobs.length + stateKeys.length;
}
