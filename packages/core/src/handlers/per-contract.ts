import { toHex } from '@enigma-worker/crypto';
import type { Enclave } from '../enclave/enclave.js';
import { Clock } from '../store/clock.js';

/** What was done for one contract, and where its items stand among all. */
export interface ContractEnd<T> {
  readonly result: T;
  readonly places: readonly number[];
}

/**
 * Does work on what each contract has of `items`, side by side, so that none waits for another's tasks. What one of
 * them throws is thrown when all have ended.
 */
export async function perContract<Item extends { readonly address: Uint8Array }, T>(
  enclave: Pick<Enclave, 'exclusive'>,
  items: readonly Item[],
  work: (items: readonly Item[]) => Promise<T>,
): Promise<readonly ContractEnd<T>[]> {
  const ends: ContractEnd<T>[] = [];
  const failures: unknown[] = [];
  const clock = new Clock();
  const running: Promise<unknown>[] = [];
  for (const places of grouped(items)) {
    const own = places.length === items.length ? items : places.map((place) => items[place]!);
    running.push(
      enclave
        .exclusive(own[0]!.address, () => work(own))
        .then(
          (result) => ends.push({ result, places }),
          (error: unknown) => failures.push(error),
        ),
    );
    if (clock.isTurnOver) await clock.nextTurn();
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
  return ends;
}

/** Where the items of each contract stand. */
function grouped(items: readonly { readonly address: Uint8Array }[]): Iterable<readonly number[]> {
  const groups = new Map<string, number[]>();
  for (const [place, { address }] of items.entries()) {
    const name = toHex(address);
    const places = groups.get(name);
    if (places === undefined) groups.set(name, [place]);
    else places.push(place);
  }
  return groups.values();
}
