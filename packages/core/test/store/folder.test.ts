import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Database } from '#store/database.js';
import { checkSchema, migrate, type Migration, storedVersion } from '#store/migrations.js';
import { openStore } from '#store/open.js';
import { openStoreReader } from '#store/reader.js';
import { openRoot } from '#store/root.js';
import { verifyStore } from '#store/tools/verify.js';
import { addressOf, bytes, storeErrorOf, temporaryFolder } from './support.js';

const HOLDER = `
  const { openStore } = await import(${JSON.stringify(new URL('../../dist/store/open.js', import.meta.url).href)});
  await openStore(process.argv[1]);
  console.log('open');
  setInterval(() => {}, 1000);
`;

describe('lock', () => {
  it('keeps a second core out, until the first is closed', async () => {
    const folder = await temporaryFolder();
    const store = await openStore(folder);
    expect((await storeErrorOf(() => openStore(folder))).code).toBe('LOCKED');
    await store.close();
    await (await openStore(folder)).close();
    expect(readdirSync(folder).filter((name) => name.includes('core.lock'))).toEqual([]);
  });

  it('ends with its process, even when that is killed', async () => {
    const folder = await temporaryFolder();
    const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    expect((await storeErrorOf(() => openStore(folder))).code).toBe('LOCKED');
    // A process that stands still is still there.
    holder.kill('SIGSTOP');
    expect((await storeErrorOf(() => openStore(folder))).code).toBe('LOCKED');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(existsSync(join(folder, 'core.lock'))).toBe(true);
    await (await openStore(folder)).close();
  });

  it('works in a folder whose path is too long for a socket', async () => {
    const folder = join(await temporaryFolder(), 'x'.repeat(100), 'y'.repeat(100));
    const store = await openStore(folder);
    expect((await storeErrorOf(() => openStore(folder))).code).toBe('LOCKED');
    await store.close();
    await (await openStore(folder)).close();
  });
});

describe('folder', () => {
  it('is made when it is not there, for its owner alone', async () => {
    const folder = join(await temporaryFolder(), 'a', 'b');
    await (await openStore(folder)).close();
    expect(existsSync(join(folder, 'data.mdb'))).toBe(true);
  });

  it('that is a file is refused', async () => {
    expect((await storeErrorOf(() => openStore(fileURLToPath(import.meta.url)))).code).toBe('IO');
  });

  it('that may not be written is refused', async () => {
    const folder = await temporaryFolder();
    await (await openStore(folder)).close();
    chmodSync(folder, 0o755);
    const open = `
      const { openStore } = await import(${JSON.stringify(new URL('../../dist/store/open.js', import.meta.url).href)});
      // The superuser may write everywhere: somebody else has to try.
      if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
      await openStore(process.argv[1]).then(() => console.log('opened'), (error) => console.log(error.code));
    `;
    const run = (): string =>
      spawnSync(process.execPath, ['--input-type=module', '-e', open, folder], {
        encoding: 'utf8',
      }).stdout.trim();
    chmodSync(folder, 0o555);
    expect(run()).toBe('NOT_WRITABLE');
    chmodSync(folder, 0o777);
    for (const file of ['data.mdb', 'lock.mdb']) chmodSync(join(folder, file), 0o444);
    expect(run()).toBe('NOT_WRITABLE');
    expect(readdirSync(folder).toSorted()).toEqual(['data.mdb', 'lock.mdb']);
  });

  it('whose database was made and never written, since its first start came to a sudden end, is a new one', async () => {
    const folder = await temporaryFolder();
    await openRoot(folder, 'write').close();
    expect((await storeErrorOf(() => openStoreReader(folder))).code).toBe('NOT_A_STORE');
    const store = await openStore(folder);
    await store.putBlob('name', bytes(9, 9));
    expect(store.blob('name')).toEqual(bytes(9, 9));
    await store.close();
  });

  it('without a store is refused by a reader', async () => {
    const folder = await temporaryFolder();
    expect((await storeErrorOf(() => openStoreReader(folder))).code).toBe('NOT_A_STORE');
    mkdirSync(join(folder, 'sub'));
    expect((await storeErrorOf(() => openStoreReader(join(folder, 'none')))).code).toBe('NOT_A_STORE');
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});

describe('schema', () => {
  const toTwo: Migration = (db) => db.put('meta', Buffer.from('two'), Uint8Array.of(2));
  const toThree: Migration = (db) =>
    db.put('meta', Buffer.from('three'), db.get('meta', Buffer.from('two'))!);

  /** Does something with the database of a folder, opened for it alone. */
  async function withDatabase<T>(folder: string, use: (db: Database) => T): Promise<Awaited<T>> {
    const db = Database.open(folder);
    try {
      return await use(db);
    } finally {
      await db.close();
    }
  }

  it('of an older version is migrated step by step, and of a newer one refused', async () => {
    const folder = await temporaryFolder();
    await withDatabase(folder, (db) => migrate(db, []));
    expect(await withDatabase(folder, storedVersion)).toBe(1);
    expect((await storeErrorOf(() => withDatabase(folder, (db) => checkSchema(db, [toTwo])))).code).toBe(
      'NOT_WRITABLE',
    );
    await withDatabase(folder, (db) => migrate(db, [toTwo]));
    for (let again = 0; again < 2; again++) await withDatabase(folder, (db) => migrate(db, [toTwo, toThree]));
    expect(await withDatabase(folder, storedVersion)).toBe(3);
    expect(await withDatabase(folder, (db) => db.get('meta', Buffer.from('three')))).toEqual(
      Uint8Array.of(2),
    );
    expect((await storeErrorOf(() => withDatabase(folder, (db) => migrate(db, [toTwo])))).code).toBe(
      'NEWER_SCHEMA',
    );
    const refusal = await storeErrorOf(() => openStore(folder));
    expect(refusal.code).toBe('NEWER_SCHEMA');
    expect(refusal.message).toContain('has schema version 3');
    expect((await storeErrorOf(() => openStoreReader(folder))).code).toBe('NEWER_SCHEMA');
  });

  it('starts at the present version in a new folder', async () => {
    const folder = await temporaryFolder();
    await withDatabase(folder, (db) => migrate(db, [toTwo, toThree]));
    expect(await withDatabase(folder, storedVersion)).toBe(3);
    expect(await withDatabase(folder, (db) => db.get('meta', Buffer.from('two')))).toBeUndefined();
  });

  it('of version 1, with deltas under addresses, keeps what it holds', async () => {
    const folder = await temporaryFolder();
    const [many, one, removed] = [addressOf(1), addressOf(2), addressOf(3)];
    const chain = Array.from({ length: 700 }, (_, index) => bytes(50, index));
    await withDatabase(folder, (db) => migrate(db, []));
    await withDatabase(folder, (db) =>
      db.write(() => {
        const put = (address: Uint8Array, index: number, delta: Uint8Array): void => {
          const key = Buffer.concat([address, Buffer.alloc(4)]);
          key.writeUInt32BE(index, 32);
          db.put('deltas', key, delta);
        };
        const record = (tip: number, count: number): Uint8Array => {
          const encoded = Buffer.alloc(93);
          encoded[0] = 2;
          encoded.writeUInt32BE(tip, 33);
          encoded.writeUInt32BE(count, 37);
          return encoded;
        };
        chain.forEach((delta, index) => put(many, index, delta));
        db.put('contracts', many, record(699, 700));
        put(one, 5, bytes(9, 1));
        db.put('contracts', one, record(5, 1));
        put(removed, 0, bytes(9, 2));
        db.put('dropped', removed, new Uint8Array(0));
      }),
    );
    const store = await openStore(folder);
    expect(store.counts()).toEqual({ contracts: 2, deltas: 701 });
    const read = await store.getDeltas([{ address: many, from: 0, to: 700 }]);
    expect(read.map(({ data }) => data)).toEqual(chain);
    expect([store.delta(one, 4), store.delta(one, 5)]).toEqual([undefined, bytes(9, 1)]);
    expect(store.contract(removed)).toBeUndefined();
    expect(await store.updateDeltas([{ address: one, key: 6, data: bytes(9, 3) }])).toEqual([true]);
    await store.close();
    expect((await verifyStore(folder)).problems).toEqual([]);
    expect(await withDatabase(folder, storedVersion)).toBe(2);
  });

  it('a migration that fails leaves everything as it was', async () => {
    const folder = await temporaryFolder();
    await withDatabase(folder, (db) => migrate(db, []));
    const broken: Migration = () => {
      throw new Error('broken');
    };
    await expect(withDatabase(folder, (db) => migrate(db, [toTwo, broken]))).rejects.toThrow('broken');
    expect(await withDatabase(folder, storedVersion)).toBe(1);
    expect(await withDatabase(folder, (db) => db.get('meta', Buffer.from('two')))).toBeUndefined();
  });

  it.each(['meta', 'contracts'])('a store that lost its table %s is refused', async (table) => {
    const folder = await temporaryFolder();
    await (await openStore(folder)).close();
    const path = join(folder, 'data.mdb');
    const file = readFileSync(path);
    for (let at = file.indexOf(`${table}\0`); at >= 0; at = file.indexOf(`${table}\0`, at + 1))
      file[at]! ^= 1;
    writeFileSync(path, file);
    expect((await storeErrorOf(() => openStoreReader(folder))).code).toBe('CORRUPT');
    expect((await storeErrorOf(() => openStore(folder))).code).toBe('CORRUPT');
  });
});
