import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toHex } from '@enigma-worker/crypto';
import { deltaKey } from '#store/buckets.js';
import { openStore } from '#store/open.js';
import { openStoreReader } from '#store/reader.js';
import { verifyStore } from '#store/tools/verify.js';
import { addressOf, bytes, storeErrorOf, temporaryFolder } from './support.js';

const A = addressOf(1);

/** The key of a delta of the contract, the only one of the store, in the database. */
async function deltaKeyIn(folder: string, index: number): Promise<Uint8Array> {
  const reader = openStoreReader(folder);
  const { chain } = reader.contract(A)!;
  await reader.close();
  return deltaKey(chain, index);
}

/** A folder with a closed store in it: 50 deltas of one contract. */
async function filledFolder(): Promise<string> {
  const folder = await temporaryFolder();
  const store = await openStore(folder);
  await store.updateDeltas(
    Array.from({ length: 50 }, (_, key) => ({ address: A, key, data: bytes(300, key) })),
  );
  await store.close();
  return folder;
}

/** Replaces the one occurrence of some bytes in the database file. */
function damage(folder: string, find: Uint8Array, change: (found: Buffer) => void): void {
  const path = join(folder, 'data.mdb');
  const file = readFileSync(path);
  // Old versions of a page may still be in the file.
  for (let at = file.indexOf(find); at >= 0; at = file.indexOf(find, at + 1))
    change(file.subarray(at, at + find.length));
  writeFileSync(path, file);
}

describe('damage', () => {
  it('of a value is found when it is read, and named', async () => {
    const folder = await filledFolder();
    const key = toHex(await deltaKeyIn(folder, 7));
    damage(folder, bytes(300, 7), (found) => (found[100]! ^= 4));
    const store = await openStore(folder);
    const error = await storeErrorOf(() => store.delta(A, 7));
    expect(error.code).toBe('CORRUPT');
    expect(error.message).toContain(`deltas ${key}`);
    expect((await storeErrorOf(() => store.getDeltas([{ address: A, from: 0, to: 50 }]))).code).toBe(
      'CORRUPT',
    );
    expect(store.delta(A, 8)).toEqual(bytes(300, 8));
    expect(store.getTip(A)?.key).toBe(49);
    await store.close();
  });

  it('of a key does not pass for a delta that never came', async () => {
    const folder = await filledFolder();
    damage(folder, await deltaKeyIn(folder, 7), (found) => (found[10]! ^= 4));
    const store = await openStore(folder);
    expect((await storeErrorOf(() => store.delta(A, 7))).code).toBe('CORRUPT');
    expect((await storeErrorOf(() => store.getDeltas([{ address: A, from: 5, to: 9 }]))).code).toBe(
      'CORRUPT',
    );
    expect(store.delta(A, 50)).toBeUndefined();
    await store.close();
  });

  it('of a key is not written over', async () => {
    const folder = await filledFolder();
    const key = await deltaKeyIn(folder, 7);
    damage(folder, Buffer.concat([A, Buffer.of(2)]), (found) => (found[20]! ^= 4));
    damage(folder, key, (found) => (found[10]! ^= 4));
    const store = await openStore(folder);
    const delta = { address: A, key: 50, data: bytes(9, 1) };
    expect((await storeErrorOf(() => store.updateDeltas([delta]))).code).toBe('CORRUPT');
    expect((await storeErrorOf(() => store.getDeltas([{ address: A, from: 0, to: 1 }]))).code).toBe(
      'CORRUPT',
    );
    expect((await storeErrorOf(() => store.getAllAddresses())).code).toBe('CORRUPT');
    await store.close();
  });

  it('of a key in a chain with gaps is neither a gap nor filled', async () => {
    const folder = await temporaryFolder();
    const first = await openStore(folder);
    const deltas = Array.from({ length: 20 }, (_, i) => ({ address: A, key: 2 * i, data: bytes(50, i) }));
    await first.updateDeltas(deltas);
    await first.close();
    damage(folder, await deltaKeyIn(folder, 8), (found) => (found[9]! ^= 4));
    const store = await openStore(folder);
    expect((await storeErrorOf(() => store.delta(A, 8))).code).toBe('CORRUPT');
    expect((await storeErrorOf(() => store.updateDeltas([{ ...deltas[4]!, data: bytes(9, 1) }]))).code).toBe(
      'CORRUPT',
    );
    expect(store.delta(A, 39)).toBeUndefined();
    await store.close();
  });

  it('of a key does not pass for a contract that was never known', async () => {
    const folder = await filledFolder();
    damage(folder, Buffer.concat([A, Buffer.of(2)]), (found) => (found[20]! ^= 4));
    const store = await openStore(folder);
    expect((await storeErrorOf(() => store.contract(A))).code).toBe('CORRUPT');
    await store.close();
  });

  it('a truncated file is refused', async () => {
    const folder = await filledFolder();
    const { size } = statSync(join(folder, 'data.mdb'));
    for (const length of [size - 1, size - 4096, 8192, 5000, 4096, 100, 1]) {
      truncateSync(join(folder, 'data.mdb'), length);
      expect((await storeErrorOf(() => openStore(folder))).code).toBe('CORRUPT');
      expect((await storeErrorOf(() => openStoreReader(folder))).code).toBe('CORRUPT');
    }
  });

  it('a file that is something else is refused', async () => {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'data.mdb'), bytes(100_000, 1));
    const error = await storeErrorOf(() => openStore(folder));
    expect(error.code).toBe('CORRUPT');
    expect(error.message).toContain('is not a database');
  });

  it('a damaged head is refused', async () => {
    const folder = await filledFolder();
    const path = join(folder, 'data.mdb');
    const good = `${path}.good`;
    copyFileSync(path, good);
    for (const at of [24, 49, 4096 + 25]) {
      copyFileSync(good, path);
      const file = readFileSync(path);
      file[at]! ^= 0x10;
      writeFileSync(path, file);
      expect((await storeErrorOf(() => openStore(folder))).code).toBe('CORRUPT');
    }
  });
});

const WRITER = `
  const { openStore } = await import(${JSON.stringify(new URL('../../dist/store/open.js', import.meta.url).href)});
  const seen = { commits: 0, operations: 0, failures: 0 };
  const observer = { committed: (_, operations) => { seen.commits++; seen.operations += operations; }, failed: () => seen.failures++ };
  const store = await openStore(process.argv[1], { observer });
  const address = new Uint8Array(32).fill(1);
  let stored = 0;
  const codes = [];
  let refused = 0;
  for (let key = 0; codes.length < 5; key++) {
    const deltas = [{ address, key, data: new Uint8Array(20000).fill(key) }];
    // Two at once go another way than one alone.
    const results = await Promise.allSettled(key % 2 ? [store.updateDeltas(deltas)] : [store.updateDeltas(deltas), store.updateDeltas(deltas)]);
    refused += results.filter(({ status }) => status === 'rejected').length;
    if (results.every(({ status }) => status === 'fulfilled')) stored++;
    else { codes.push(results[0].reason.code); key--; }
    if (codes.length > 0 && store.contract(address).tip !== stored - 1) throw new Error('half a write');
  }
  console.log(JSON.stringify({ stored, codes, read: store.delta(address, stored - 1)[0], refused, ...seen }));
  await store.close();
`;

// Writers side by side on a disk that is filled up by others, and then has room again.
const CROWD = `
  const { openStore } = await import(${JSON.stringify(new URL('../../dist/store/open.js', import.meta.url).href)});
  const { closeSync, openSync, rmSync, writeSync } = await import('node:fs');
  const full = process.argv[1] + '/full';
  const store = await openStore(process.argv[1] + '/store');
  const codes = new Set();
  let after = 0;
  const write = async (n, times) => {
    const address = new Uint8Array(32).fill(n);
    for (let time = 0; time < times; time++) {
      const key = (store.contract(address)?.tip ?? -1) + 1;
      const delta = { address, key, data: new Uint8Array(5000 * (n + 1)) };
      await store.updateDeltas([delta]).then(() => after++, ({ code }) => codes.add(code));
    }
  };
  const all = (times) => Promise.all(Array.from({ length: 8 }, (_, n) => write(n, times)));
  await all(5);
  const file = openSync(full, 'w');
  for (let bytes = 1 << 16; bytes >= 1; bytes >>= 1)
    try { for (;;) if (writeSync(file, Buffer.alloc(bytes)) < bytes) break; } catch {}
  closeSync(file);
  await all(20);
  rmSync(full);
  after = 0;
  await all(1);
  console.log(JSON.stringify({ codes: [...codes], after }));
  await store.close();
`;

/** A disk of its own, which root alone can have. */
async function smallDisk(size: string, skip: (why: string) => never): Promise<string> {
  const disk = await temporaryFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]);
  if (mounted.status !== 0) skip('file systems can be mounted by root alone');
  onTestFinished(() => void spawnSync('umount', [disk]));
  return disk;
}

describe.runIf(process.platform === 'linux')('a disk without room', () => {
  it('fails writes with a clear error, stores nothing of them, and goes on reading', async () => {
    const folder = await temporaryFolder();
    mkdirSync(folder, { recursive: true });
    // The size limit of files stands in for a full disk.
    const script = `trap '' XFSZ; ulimit -f 3000; exec "$0" --input-type=module -e "$1" "$2"`;
    const run = spawnSync('sh', ['-c', script, process.execPath, WRITER, folder], { encoding: 'utf8' });
    const { stored, codes, read, ...counts } = JSON.parse(run.stdout) as {
      stored: number;
      codes: string[];
      read: number;
      refused: number;
      commits: number;
      operations: number;
      failures: number;
    };
    expect(stored).toBeGreaterThan(10);
    for (const code of codes) expect(['DISK_FULL', 'IO']).toContain(code);
    expect(read).toBe((stored - 1) & 0xff);
    expect(counts.failures).toBe(counts.refused);
    expect(counts.commits).toBeLessThan(counts.operations);
    const store = await openStore(folder);
    expect(store.contract(new Uint8Array(32).fill(1))).toMatchObject({ tip: stored - 1, deltaCount: stored });
    await store.close();
  });

  it('is noticed before the database fails to write, which may end the process', async ({ skip }) => {
    const disk = await smallDisk('16m', skip);
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', CROWD, disk], {
      encoding: 'utf8',
    });
    // The database tells of each write that fails.
    expect(child.stderr).toBe('');
    const { codes, after } = JSON.parse(child.stdout) as { codes: string[]; after: number };
    expect(codes).toEqual(['DISK_FULL']);
    expect(after).toBe(8);
    const { problems } = await verifyStore(join(disk, 'store'));
    expect(problems).toEqual([]);
  });

  it('does not end the process of a first start, and leaves nothing that keeps the next one out', async ({
    skip,
  }) => {
    const disk = await smallDisk('2m', skip);
    const folder = join(disk, 'store');
    const full = join(disk, 'full');
    mkdirSync(folder);
    const script = `
      const { openStore } = await import(${JSON.stringify(new URL('../../dist/store/open.js', import.meta.url).href)});
      await openStore(process.argv[1]).catch(({ code }) => console.log(code));
    `;
    for (let pages = 0; pages < 6; pages++) {
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(full, Buffer.alloc((bavail - pages) * bsize));
      const run = spawnSync(process.execPath, ['--input-type=module', '-e', script, folder]);
      expect(run.stdout.toString()).toBe('DISK_FULL\n');
      rmSync(full);
    }
    const store = await openStore(folder);
    await store.putBlob('name', bytes(9, 9));
    await store.close();
  });
});
