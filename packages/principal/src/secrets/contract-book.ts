import { open, type RootDatabase } from 'lmdb';
import { join } from 'node:path';

/** A contract and the generation of the master secret that its state key is derived from. */
export interface ContractEntry {
  /** 32 bytes. */
  readonly address: Uint8Array;
  readonly generation: number;
}

/**
 * Which contracts keys were given out for, and of which generation: a contract keeps the generation
 * that was the newest when it was first asked for.
 */
export interface ContractBook extends AsyncDisposable {
  readonly size: number;
  /** The generation of each contract in the order asked; new ones are entered durably first. */
  enter(addresses: readonly Uint8Array[], newestGeneration: number): Promise<number[]>;
  /** All contracts, ordered by address. */
  entries(): Iterable<ContractEntry>;
  /** Enters contracts with their generations, durably: for a restore. */
  restore(entries: readonly ContractEntry[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens the book in a data folder; an empty one is made on first use. */
export function openContractBook(dataDir: string): ContractBook {
  const database: RootDatabase<number, Uint8Array> = open({
    path: join(dataDir, 'contracts.lmdb'),
    keyEncoding: 'binary',
    encoding: 'ordered-binary',
    overlappingSync: false,
  });
  let closing: Promise<void> | undefined;

  const book: ContractBook = {
    get size() {
      return database.getCount();
    },
    async enter(addresses, newestGeneration) {
      const known = addresses.map((address) => database.get(Buffer.from(address)));
      const fresh = addresses.filter((_, index) => known[index] === undefined);
      // ifNoExists: of two requests that enter a contract at once, the first one's generation stands.
      await Promise.all(
        fresh.map((address) => {
          const key = Buffer.from(address);
          return database.ifNoExists(key, () => {
            void database.put(key, newestGeneration);
          });
        }),
      );
      return addresses.map((address) => database.get(Buffer.from(address)) ?? newestGeneration);
    },
    *entries() {
      for (const { key, value } of database.getRange())
        yield { address: Uint8Array.from(key), generation: value };
    },
    async restore(entries) {
      await Promise.all(
        entries.map(({ address, generation }) => database.put(Buffer.from(address), generation)),
      );
    },
    close() {
      closing ??= database.close();
      return closing;
    },
    async [Symbol.asyncDispose]() {
      await book.close();
    },
  };
  return book;
}
