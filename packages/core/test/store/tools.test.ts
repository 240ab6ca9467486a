import { keccak256, toHex } from '@enigma-worker/crypto';
import { deltaHash, MAX_DELTA_BYTES, sealDelta, zeroHash } from '@enigma-worker/protocol';
import * as fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stateInspector } from '#enclave/state/inspector.js';
import { deltaKey } from '#store/buckets.js';
import { decodeRecord } from '#store/contract-record.js';
import { Database } from '#store/database.js';
import { StoreError } from '#store/errors.js';
import { openStore } from '#store/open.js';
import { openStoreReader } from '#store/reader.js';
import type { Store } from '#store/store.js';
import { checkStructure } from '#store/structure.js';
import { backupStore, restoreStore } from '#store/tools/backup.js';
import { readStats } from '#store/tools/stats.js';
import { StoreOnDemand } from '#store/tools/store-on-demand.js';
import { exportContract, importContract } from '#store/tools/transfer.js';
import { verifyStore } from '#store/tools/verify.js';
import { build } from '../state/contract.js';
import { addressOf, bytes, IN_MEMORY, storeErrorOf, temporaryFolder, temporaryStore } from './support.js';

const A = addressOf(1);
const B = addressOf(2);
const KEY = bytes(32, 5);
const inspector = stateInspector((address) => (address[3] === 1 ? KEY : undefined));

/** Deltas of a contract whose key `n` counts up. */
function chainOf(count: number): Uint8Array[] {
  const deltas: Uint8Array[] = [];
  for (let n = 0; n < count; n++) {
    const previousHash = n === 0 ? zeroHash() : deltaHash(deltas[n - 1]!);
    deltas.push(sealDelta(KEY, { ops: [{ op: 'add', path: '/n', value: BigInt(n) }], previousHash }));
  }
  return deltas;
}

/** Contract A with bytecode, 40 deltas and state; contract B with deltas that have a gap. */
async function fill(store: Store): Promise<void> {
  await store.updateContract(A, bytes(5000, 1));
  await store.updateDeltas(chainOf(40).map((data, key) => ({ address: A, key, data })));
  await build(store, A, KEY);
  await store.updateDeltas([0, 2, 5].map((key) => ({ address: B, key, data: bytes(100, key) })));
  await store.putStateKeys([{ address: A, sealed: bytes(60, 1) }]);
}

async function filledFolder(): Promise<string> {
  const folder = await temporaryFolder();
  const store = await openStore(folder);
  await fill(store);
  await store.close();
  return folder;
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

async function* chunks(data: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

describe('stats', () => {
  it('count what there is, while a core has the store open', async () => {
    const { store, folder } = await temporaryStore();
    await fill(store);
    const seen: number[] = [];
    expect(await readStats(folder, (done) => seen.push(done))).toEqual({
      schemaVersion: 2,
      fileBytes: statSync(join(folder, 'data.mdb')).size,
      contracts: 2,
      withoutBytecode: 1,
      behind: 1,
      withGaps: 1,
      deltas: 43,
      bytecodes: 1,
      stateValues: 1,
      stateKeys: 1,
    });
    expect(seen).toEqual([2]);
  });
});

describe('verify', () => {
  it('finds a sound store clean, with and without keys, open and closed', async () => {
    const { store, folder } = await temporaryStore();
    await fill(store);
    const clean = { problems: [], contracts: 2, deltas: 43, stateValues: 1 };
    expect(await verifyStore(folder)).toEqual({ ...clean, inspected: 0 });
    await store.close();
    expect(await verifyStore(folder, { inspector })).toEqual({ ...clean, inspected: 1 });
    await (await openStore(folder)).close();
  });

  /** Changes the stored bytes behind the store's back, with good checksums. */
  async function tamper(folder: string, change: (db: Database) => void): Promise<string[]> {
    const db = Database.open(folder);
    await db.write(() => change(db));
    await db.close();
    const { problems } = await verifyStore(folder, { inspector });
    return problems.map(({ where, what }) =>
      `${where}: ${what}`.replaceAll(toHex(A), 'A').replaceAll(toHex(B), 'B'),
    );
  }

  it('names what does not fit together', async () => {
    const keyIn = (db: Database, address: Uint8Array, index: number): Uint8Array =>
      deltaKey(decodeRecord(db.get('contracts', address)!)!.chain, index);
    const cases: readonly (readonly [(db: Database) => void, string[]])[] = [
      [
        (db) => db.put('deltas', keyIn(db, A, 7), db.get('deltas', keyIn(db, A, 6))!),
        [
          'contract A, delta 7: does not follow the delta before it',
          'contract A, delta 8: does not follow the delta before it',
        ],
      ],
      [
        (db) => db.put('deltas', keyIn(db, A, 0), bytes(99, 1)),
        [
          'contract A, delta 0: does not open with the state key',
          'contract A, delta 1: does not follow the delta before it',
        ],
      ],
      [(db) => db.remove('deltas', keyIn(db, B, 2)), ['contract B: has 2 deltas, and its record says 3']],
      [
        (db) => db.remove('contracts', B),
        [expect.stringMatching(/^deltas of chain [0-9a-f]{16}: belong to no contract$/) as string],
      ],
      [
        (db) => db.put('states', bytes(32, 1), bytes(50, 1)),
        [expect.stringMatching(/^state [0-9a-f]{32}: belong to no contract$/) as string],
      ],
      [
        (db) => {
          const [key] = [...db.keys('states')];
          db.put('states', key!, bytes(80, 1));
        },
        [expect.stringMatching(/^contract A, sealed value [0-9a-f]{32}: is damaged$/) as string],
      ],
      [
        (db) => {
          const [hash] = [...db.keys('bytecode')];
          db.put('bytecode', hash!, bytes(10, 1));
        },
        [expect.stringMatching(/^bytecode [0-9a-f]{64}: is damaged: it has another hash$/) as string],
      ],
      [
        (db) => {
          const [hash] = [...db.keys('bytecode')];
          db.remove('bytecode', hash!);
        },
        [expect.stringMatching(/^bytecode [0-9a-f]{64}: is missing$/) as string],
      ],
    ];
    for (const [change, problems] of cases) {
      expect(await tamper(await filledFolder(), change)).toEqual(problems);
    }
  });

  it('goes on after whatever is damaged', async () => {
    const folder = await filledFolder();
    const path = join(folder, 'data.mdb');
    const file = readFileSync(path);
    const hash = keccak256(bytes(5000, 1));
    const uses = Uint8Array.of(0, 0, 0, 1);
    let damaged = 0;
    // The value of the count follows its key.
    for (const find of [bytes(5000, 1), bytes(100, 2), Buffer.concat([hash, uses])]) {
      // Old versions of a page may still be in the file.
      for (let at = file.indexOf(find); at >= 0; at = file.indexOf(find, at + 1)) {
        file[at + find.length - 1]! ^= 4;
        damaged++;
      }
    }
    expect(damaged).toBeGreaterThanOrEqual(3);
    writeFileSync(path, file);
    const { problems, deltas } = await verifyStore(folder, { inspector });
    expect(deltas).toBe(43);
    expect(problems).toEqual([
      { where: `contract ${toHex(B)}, delta 2`, what: 'is damaged' },
      { where: `bytecode ${toHex(hash)}`, what: 'is damaged: it has another hash' },
      { where: `bytecode ${toHex(hash)}`, what: 'has a wrong count of the contracts that use it' },
    ]);
  });

  it('never passes over a flipped bit that changes an answer, nor ends the process', async () => {
    const folder = await filledFolder();
    const path = join(folder, 'data.mdb');
    const good = readFileSync(path);
    copyFileSync(path, `${path}.good`);
    const answers = async (): Promise<unknown> => {
      const reader = openStoreReader(folder);
      try {
        return [A, B].map((address) => {
          const record = reader.contract(address);
          const deltas = Array.from({ length: 50 }, (_, index) => reader.delta(address, index)).map(
            (delta) => delta && Buffer.from(delta).toString('hex'),
          );
          return [
            record,
            deltas,
            record?.codeHash && reader.bytecode(record.codeHash)?.length,
            reader.stateKey(address)?.length,
          ];
        });
      } finally {
        await reader.close();
      }
    };
    const expected = await answers();
    // The two pages that everything hangs on, of which only the first bytes are used.
    const headBit = fc
      .tuple(fc.constantFrom(0, 4096 * 8), fc.nat(160 * 8 - 1))
      .map(([page, bit]) => page + bit);
    let found = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.nat(good.length * 8 - 1), headBit), async (bit) => {
        const damaged = Buffer.from(good);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        writeFileSync(path, damaged);
        try {
          const { problems } = await verifyStore(folder, { inspector });
          if (problems.length > 0) found++;
          else expect(await answers()).toEqual(expected);
        } catch (error) {
          if (!(error instanceof StoreError)) throw error;
          found++;
        }
      }),
      { numRuns: 150, interruptAfterTimeLimit: 15_000 },
    );
    expect(found).toBeGreaterThan(10);
  });

  it('a core that came to a sudden end looks at the file before it starts again', async () => {
    const folder = await filledFolder();
    const path = join(folder, 'data.mdb');
    const file = readFileSync(path);
    const { problems, pages } = checkStructure(folder);
    expect(problems).toEqual([]);
    expect(pages).toBeGreaterThan(5);
    // The offset of the first node of some page in use.
    for (let page = 2; page * 4096 < file.length; page++) file.writeUInt16LE(0xffff, page * 4096 + 24);
    writeFileSync(path, file);
    writeFileSync(join(folder, 'core.lock'), 'left over');
    const error = await storeErrorOf(() => openStore(folder));
    expect(error.code).toBe('CORRUPT');
    expect(error.message).toContain('its layout is damaged');
  });
});

describe('backup and restore', () => {
  it('that fails leaves nothing that would keep the next one from its folder', async () => {
    const folder = await temporaryFolder();
    const target = join(folder, 'backups', 'today');
    for (let attempt = 0; attempt < 2; attempt++) {
      expect((await storeErrorOf(() => backupStore(join(folder, 'nothing'), target))).code).not.toBe(
        'NOT_WRITABLE',
      );
      expect(readdirSync(folder)).toEqual([]);
    }
    // A folder that was there stays.
    mkdirSync(target, { recursive: true });
    await storeErrorOf(() => backupStore(join(folder, 'nothing'), target));
    expect(readdirSync(target)).toEqual([]);
  });

  it('copies a store that is being written, and makes a store of it again', async () => {
    const { store, folder } = await temporaryStore();
    await fill(store);
    const backup = join(await temporaryFolder(), 'backup');
    const writing = Promise.all(
      Array.from({ length: 50 }, (_, key) =>
        store.updateDeltas([{ address: addressOf(3), key, data: bytes(1000, key) }]),
      ),
    );
    const seen: number[] = [];
    await backupStore(folder, backup, (done) => seen.push(done));
    await writing;
    expect(seen.at(-1)).toBeGreaterThan(8192);
    expect(readdirSync(backup)).toEqual(['data.mdb']);

    const restored = join(await temporaryFolder(), 'restored');
    await restoreStore(backup, restored);
    expect((await verifyStore(restored, { inspector })).problems).toEqual([]);
    const copy = await openStore(restored);
    expect(copy.contract(A)).toEqual(store.contract(A));
    expect(copy.stateKey(A)).toEqual(bytes(60, 1));
    await copy.close();
  });

  it.runIf(process.platform === 'linux')('that finds no room says so', async () => {
    const folder = await filledFolder();
    const script = `
      const { backupStore } = await import(${JSON.stringify(new URL('../../dist/store/tools/backup.js', import.meta.url).href)});
      await backupStore(process.argv[1], process.argv[2]).catch(({ code, message }) => console.log(code, message));
    `;
    // The size limit of files stands in for a full disk.
    const limited = `trap '' XFSZ; ulimit -f 16; exec "$0" --input-type=module -e "$1" "$2" "$3"`;
    const target = join(folder, 'backup');
    const run = spawnSync('sh', ['-c', limited, process.execPath, script, folder, target], {
      encoding: 'utf8',
    });
    expect(run.stdout).toMatch(/^DISK_FULL backing up to .*: no room is left on the disk \(.*\)\n$/);
    expect(existsSync(target)).toBe(false);
  });

  it('and restore take a store of an older schema, which the next start migrates', async () => {
    const folder = await filledFolder();
    const expected = await readAll(folder);
    await makeOlder(folder);
    expect((await storeErrorOf(() => readStats(folder))).message).toMatch(
      /older schema: start the core on it once$/,
    );
    const backup = join(await temporaryFolder(), 'backup');
    await backupStore(folder, backup);
    const restored = join(await temporaryFolder(), 'restored');
    await restoreStore(backup, restored);
    expect((await storeErrorOf(() => readStats(restored))).code).toBe('NOT_WRITABLE');
    expect(await readAll(restored)).toEqual(expected);
    expect((await verifyStore(restored, { inspector })).problems).toEqual([]);
    // Only older ones are taken.
    const db = Database.open(folder);
    await db.write(() => db.put('meta', Buffer.from('schemaVersion'), new Uint8Array([0, 0, 0, 3])));
    await db.close();
    const other = join(await temporaryFolder(), 'other');
    expect((await storeErrorOf(() => restoreStore(folder, other))).code).toBe('NEWER_SCHEMA');
  });

  /** What peers can ask of both contracts, once a core has had the folder. */
  async function readAll(folder: string): Promise<unknown> {
    await using store = await openStore(folder);
    return [
      await store.getDeltas([A, B].map((address) => ({ address, from: 0, to: 50 }))),
      store.getContract(A),
    ];
  }

  /** Makes a store what the first schema would have made of it: deltas lay under the address of their contract. */
  async function makeOlder(folder: string): Promise<void> {
    const db = Database.open(folder);
    await db.write(() => {
      for (const { key: address, value } of Array.from(db.entries('contracts'))) {
        const { chain } = decodeRecord(value)!;
        db.put('contracts', address, value.slice(0, -chain.length));
        for (const { key, value: delta } of Array.from(db.entries('deltas', { prefix: chain }))) {
          db.remove('deltas', key);
          db.put('deltas', Buffer.concat([address, key.subarray(chain.length)]), delta);
        }
      }
      db.put('meta', Buffer.from('schemaVersion'), new Uint8Array([0, 0, 0, 1]));
    });
    await db.close();
  }

  it('give a store that can be opened again, however often it was written to', async () => {
    const backup = join(await temporaryFolder(), 'backup');
    await backupStore(await filledFolder(), backup);
    const restored = join(await temporaryFolder(), 'restored');
    await restoreStore(backup, restored);
    for (let key = 6; key < 10; key++) {
      await using store = await openStore(restored);
      await store.updateDeltas([{ address: B, key, data: bytes(100, key) }]);
      // Beside it, as its threads and the tools do, and where a key is not found.
      expect((await verifyStore(restored, { inspector })).problems).toEqual([]);
      expect(store.getContract(addressOf(9))).toBeUndefined();
      expect(store.contract(B)?.tip).toBe(key);
    }
    expect((await verifyStore(restored, { inspector })).problems).toEqual([]);
  });

  it('never write over anything', async () => {
    const folder = await filledFolder();
    expect((await storeErrorOf(() => backupStore(folder, folder))).code).toBe('NOT_WRITABLE');
    const backup = join(await temporaryFolder(), 'backup');
    await backupStore(folder, backup);
    expect((await storeErrorOf(() => restoreStore(backup, folder))).code).toBe('NOT_WRITABLE');
    expect((await storeErrorOf(() => restoreStore(join(folder, 'none'), join(folder, 'new')))).code).toBe(
      'NOT_A_STORE',
    );
    const store = await openStore(folder);
    expect((await storeErrorOf(() => restoreStore(backup, folder))).code).toBe('LOCKED');
    await store.close();
  });
});

describe('restore', () => {
  it('does not put a store beside the journal of one in memory', async () => {
    const backup = join(await temporaryFolder(), 'backup');
    await backupStore(await filledFolder(), backup);
    const { store, folder } = await temporaryStore(IN_MEMORY);
    await store.putBlob('name', bytes(9, 9));
    await store.close();
    expect((await storeErrorOf(() => restoreStore(backup, folder))).code).toBe('NOT_WRITABLE');
    const again = await openStore(folder, IN_MEMORY);
    expect(again.blob('name')).toEqual(bytes(9, 9));
    await again.close();
  });

  it('takes the store of a core that runs as it is, and leaves that alone', async () => {
    const { store, folder } = await temporaryStore();
    await fill(store);
    const before = readdirSync(folder);
    const restored = join(await temporaryFolder(), 'restored');
    const restoring = restoreStore(folder, restored);
    for (let key = 0; key < 200; key++)
      await store.updateDeltas([{ address: addressOf(3), key, data: bytes(1000, key) }]);
    await restoring;
    expect(readdirSync(folder)).toEqual(before);
    expect(readdirSync(restored)).toEqual(['data.mdb']);
    expect((await verifyStore(restored, { inspector })).problems).toEqual([]);
  });

  it('starts anew where one came to a sudden end', async () => {
    const backup = join(await temporaryFolder(), 'backup');
    await backupStore(await filledFolder(), backup);
    const folder = await temporaryFolder();
    mkdirSync(join(folder, 'restoring'));
    writeFileSync(join(folder, 'restoring', 'data.mdb'), bytes(5000, 1));
    await restoreStore(backup, folder);
    expect(readdirSync(folder)).toEqual(['data.mdb']);
    expect((await verifyStore(folder, { inspector })).problems).toEqual([]);
  });
});

describe('export and import', () => {
  it('carries a contract to another store', async () => {
    const folder = await filledFolder();
    for (const address of [A, B]) {
      const stream = await collect(exportContract(folder, address));
      for (const size of [1, 1000, 1e9]) {
        const { store } = await temporaryStore();
        const { deltaCount } = openedRecord(folder, address);
        const report = await importContract(store, chunks(stream, size));
        expect(report).toEqual({ address, deltas: deltaCount, refused: [], bytecodeRefused: false });
        const { codeHash, tip } = openedRecord(folder, address);
        expect(store.contract(address)).toMatchObject({ codeHash, tip, deltaCount, state: undefined });
        if (address === A) expect(await build(store, A, KEY)).toBe('done');
      }
    }
  });

  function openedRecord(folder: string, address: Uint8Array): NonNullable<ReturnType<Store['contract']>> {
    const reader = openStoreReader(folder);
    const record = reader.contract(address)!;
    void reader.close();
    return record;
  }

  it('says what the store would not take', async () => {
    const folder = await filledFolder();
    const stream = await collect(exportContract(folder, B));
    const { store } = await temporaryStore();
    await store.updateDeltas([{ address: B, key: 2, data: bytes(5, 5) }]);
    expect(await importContract(store, chunks(stream, 64))).toEqual({
      address: B,
      deltas: 2,
      refused: [2],
      bytecodeRefused: false,
    });
  });

  it('refuses every stream that is not what was written', async () => {
    const folder = await filledFolder();
    const stream = await collect(exportContract(folder, B));
    const { store } = await temporaryStore();
    for (let length = 0; length < stream.length; length += 7) {
      expect(
        (await storeErrorOf(() => importContract(store, chunks(stream.subarray(0, length), 50)))).code,
      ).toBe('NOT_A_STORE');
    }
    for (let at = 0; at < stream.length; at += 5) {
      // Another address is another contract.
      if (at >= 8 && at < 40) continue;
      const damaged = Buffer.from(stream);
      damaged[at]! ^= 1;
      expect((await storeErrorOf(() => importContract(store, chunks(damaged, 1e9)))).code).toBe(
        'NOT_A_STORE',
      );
    }
    const two = Buffer.concat([stream, await collect(exportContract(folder, A))]);
    for (const size of [1, 1e9])
      expect((await storeErrorOf(() => importContract(store, chunks(two, size)))).code).toBe('NOT_A_STORE');
    expect((await storeErrorOf(() => collect(exportContract(folder, addressOf(9))))).code).toBe(
      'UNKNOWN_CONTRACT',
    );
  });

  it('takes no delta that UpdateDeltas would not take', async () => {
    const stream = await collect(exportContract(await filledFolder(), B));
    const { store } = await temporaryStore();
    // The first record, whose length is said before its bytes come.
    const large = Buffer.from(stream.subarray(0, 60));
    large.writeUInt32BE(MAX_DELTA_BYTES + 1, 45);
    const error = await storeErrorOf(() => importContract(store, chunks(large, 60)));
    expect(error).toMatchObject({ code: 'NOT_A_STORE' });
    expect(error.message).toContain(`a delta of ${MAX_DELTA_BYTES + 1} bytes`);
  });

  it('leaves no store where nothing of it was stored', async () => {
    const stream = await collect(exportContract(await filledFolder(), B));
    const folder = join(await temporaryFolder(), 'store');
    for (const length of [0, 20, 60, stream.length - 1]) {
      await using target = new StoreOnDemand(folder);
      await storeErrorOf(() => importContract(target, chunks(stream.subarray(0, length), 50)));
      expect(existsSync(folder)).toBe(false);
    }
    {
      await using target = new StoreOnDemand(folder);
      expect(await importContract(target, chunks(stream, 50))).toMatchObject({ deltas: 3, refused: [] });
    }
    expect((await verifyStore(folder)).deltas).toBe(3);
  });

  it('never pass over what is lost', async () => {
    const folder = await filledFolder();
    const path = join(folder, 'data.mdb');
    const good = readFileSync(path);
    const { chain } = openedRecord(folder, A);
    const others = openedRecord(folder, B).chain;
    const codeHash = keccak256(bytes(5000, 1));
    // Of each key a byte: of a delta, the bytecode and the record itself.
    const lost = [
      [A, deltaKey(chain, 39), 2],
      [B, deltaKey(others, 2), 2],
      [A, codeHash, 31],
      [B, B, 31],
    ] as const;
    for (const [address, key, byte] of lost) {
      const damaged = Buffer.from(good);
      for (let at = damaged.indexOf(key); at >= 0; at = damaged.indexOf(key, at + 1))
        damaged[at + byte]! ^= 1;
      writeFileSync(path, damaged);
      expect((await storeErrorOf(() => collect(exportContract(folder, address)))).code).toBe('CORRUPT');
    }
  });
});
