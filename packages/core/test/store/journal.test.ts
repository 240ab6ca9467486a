import { spawnSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { copyFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { randomBytes } from '@enigma-worker/crypto';
import { sealerOf } from '#enclave/sealing/sealer.js';
import { openStore } from '#store/open.js';
import { openStoreReader } from '#store/reader.js';
import type { Store } from '#store/store.js';
import { rewriteSealed } from '#store/tools/rewrite-sealed.js';
import { addressOf, bytes, SEALER, storeErrorOf, temporaryFolder } from './support.js';

const MIB = 1024 * 1024;

/** Small, so that it is made quickly. */
const SMALL = { memory: { cipher: SEALER, bytes: 2 * MIB } };

const open = (folder: string): Promise<Store> => openStore(folder, SMALL);
const journalOf = (folder: string): string => join(folder, 'journal');

/** A folder whose store has blobs 0 to count - 1, closed in good order; where each record of its journal ends. */
async function withBlobs(count: number): Promise<{ folder: string; ends: number[] }> {
  const folder = await temporaryFolder();
  const store = await open(folder);
  const ends: number[] = [];
  for (let n = 0; n < count; n++) {
    await store.putBlob(`blob ${n}`, bytes(100 + n, n));
    ends.push((await stat(journalOf(folder))).size);
  }
  await store.close();
  return { folder, ends };
}

/** How many of the blobs are there; the rest must be missing. */
function blobsOf(store: Store): number {
  let count = 0;
  while (store.blob(`blob ${count}`) !== undefined) {
    expect(store.blob(`blob ${count}`)).toEqual(bytes(100 + count, count));
    count++;
  }
  return count;
}

/** Many bytes, quickly. */
function many(length: number, seed: number): Uint8Array {
  return Buffer.alloc(length, `${seed} `);
}

/** Makes the folder look as its core left it when it was killed. */
async function killed(folder: string): Promise<void> {
  // A start that failed has left the lock as it found it: a socket, which cannot be written to.
  await rm(join(folder, 'core.lock'), { force: true });
  await writeFile(join(folder, 'core.lock'), '');
}

describe('a journal', () => {
  it('has nothing in it that could be read, and is for its owner alone', async () => {
    const folder = await temporaryFolder();
    const store = await open(folder);
    await store.putBlob('a name that stands out', new TextEncoder().encode('a value that stands out'));
    await store.close();
    const content = await readFile(journalOf(folder));
    expect(content.includes('stands out')).toBe(false);
    expect((await stat(journalOf(folder))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['journal']);
  });

  it('opens only under the key it was sealed with', async () => {
    const { folder } = await withBlobs(1);
    const other = sealerOf('key-file', randomBytes(32));
    const opened = openStore(folder, { memory: { ...SMALL.memory, cipher: other } });
    await expect(opened).rejects.toMatchObject({ code: 'WRONG_KEY' });
    const store = await open(folder);
    expect(blobsOf(store)).toBe(1);
    await store.close();
  });

  it('cut at any byte of its end has everything before, after a sudden end', async () => {
    const { folder, ends } = await withBlobs(4);
    const whole = await readFile(journalOf(folder));
    // A record is whole without the zeros after it.
    const contentEnds = ends.map((_, n) =>
      n === 0 ? 0 : ends[n - 1]! + 8 + whole.readUInt32LE(ends[n - 1]),
    );
    for (let length = ends[1]!; length < whole.length; length += 7) {
      await writeFile(journalOf(folder), whole.subarray(0, length));
      await killed(folder);
      const store = await open(folder);
      expect(blobsOf(store)).toBe(contentEnds.filter((end) => end <= length).length);
      // What comes next is not confused with what was dropped.
      await store.putBlob('more', bytes(10, 1));
      await store.close();
      const again = await open(folder);
      expect(again.blob('more')).toEqual(bytes(10, 1));
      await again.close();
    }
  }, 120_000);

  it('whose last pages never came to the disk loses only what was not acknowledged', async () => {
    const { folder, ends } = await withBlobs(3);
    const whole = await readFile(journalOf(folder));
    for (const [from, to] of [
      [ends[1]!, whole.length],
      [ends[1]! + 50, whole.length],
      [ends[1]!, ends[1]! + 16],
    ] as const) {
      const torn = Buffer.from(whole);
      torn.fill(0, from, to);
      await writeFile(journalOf(folder), torn);
      await killed(folder);
      const store = await open(folder);
      expect(blobsOf(store)).toBe(2);
      await store.close();
    }
  });

  it('cut short by a sudden end is still taken for that after starts that failed', async () => {
    const { folder, ends } = await withBlobs(3);
    await truncate(journalOf(folder), ends[2]! - 20);
    await killed(folder);
    const other = sealerOf('key-file', randomBytes(32));
    const opened = openStore(folder, { memory: { ...SMALL.memory, cipher: other } });
    await expect(opened).rejects.toMatchObject({ code: 'WRONG_KEY' });
    const rewritten = rewriteSealed(folder, { from: other, to: other }, (entries) => entries);
    await expect(rewritten).rejects.toMatchObject({ code: 'WRONG_KEY' });
    const store = await open(folder);
    expect(blobsOf(store)).toBe(2);
    await store.close();
    expect(await readdir(folder)).toEqual(['journal']);
  });

  it('cut short without a sudden end is refused', async () => {
    const { folder, ends } = await withBlobs(3);
    await truncate(journalOf(folder), ends[2]! - 20);
    expect((await storeErrorOf(() => open(folder))).code).toBe('CORRUPT');
  });

  it('altered at any byte before its last record is refused', async () => {
    const { folder, ends } = await withBlobs(3);
    const whole = await readFile(journalOf(folder));
    for (let at = 0; at < ends[1]!; at += 11) {
      // The zeros after a record, and the rest of the head, say nothing.
      if ((at >= 24 && at < 32) || whole[at] === 0) continue;
      const altered = Buffer.from(whole);
      altered[at]! ^= 0x10;
      await writeFile(journalOf(folder), altered);
      await killed(folder);
      const error: unknown = await open(folder).then(
        (store) => store.close(),
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({
        code: expect.stringMatching(/^(CORRUPT|WRONG_KEY|UNSUPPORTED_VERSION)$/),
      });
    }
  }, 120_000);

  it('with a record that is missing, twice there, exchanged or of another journal is refused', async () => {
    const [{ folder, ends }, other] = [await withBlobs(4), await withBlobs(4)];
    const whole = await readFile(journalOf(folder));
    const foreign = await readFile(journalOf(other.folder));
    const record = (n: number, from = whole): Buffer => from.subarray(ends[n - 1], ends[n]);
    const head = whole.subarray(0, ends[0]);
    for (const records of [
      [record(2), record(3)],
      [record(1), record(1), record(2)],
      [record(2), record(1), record(3)],
      [record(1, foreign), record(2), record(3)],
    ]) {
      await writeFile(journalOf(folder), Buffer.concat([head, ...records]));
      await killed(folder);
      expect((await storeErrorOf(() => open(folder))).code).toBe('CORRUPT');
    }
  });

  it('does not take records of a past that was given up', async () => {
    const { folder, ends } = await withBlobs(2);
    const kept = join(folder, 'kept');
    await copyFile(journalOf(folder), kept);
    // The host puts back an older copy, and the core goes on from there ...
    await truncate(journalOf(folder), ends[0]);
    const store = await open(folder);
    await store.putBlob('blob 1', bytes(101, 9));
    await store.close();
    // ... what came after that in the other past does not follow.
    const given = await readFile(kept);
    const now = await readFile(journalOf(folder));
    await writeFile(
      journalOf(folder),
      Buffer.concat([now, given.subarray(ends[1]), given.subarray(ends[0], ends[1])]),
    );
    expect((await storeErrorOf(() => open(folder))).code).toBe('CORRUPT');
  });

  it('is packed when it has become long, beside writes, and says the same', async () => {
    const folder = await temporaryFolder();
    const options = { memory: { cipher: SEALER, bytes: 16 * MIB, shortestToPack: MIB } };
    const store = await openStore(folder, options);
    let written = 0;
    for (let round = 0; round < 60; round++) {
      await Promise.all(
        Array.from({ length: 10 }, (_, n) => store.putBlob(`blob ${n}`, many(20_000, round * 10 + n))),
      );
      written += 200_000;
    }
    await store.close();
    expect((await stat(journalOf(folder))).size).toBeLessThan(written / 2);
    expect(await readdir(folder)).toEqual(['journal']);
    const again = await openStore(folder, options);
    for (let n = 0; n < 10; n++)
      expect(Buffer.compare(again.blob(`blob ${n}`)!, many(20_000, 590 + n))).toBe(0);
    await again.close();
  });

  it('loses nothing of what comes in the moment when it is packed', async () => {
    const folder = await temporaryFolder();
    const options = { memory: { cipher: SEALER, bytes: 16 * MIB, shortestToPack: 20_000 } };
    const store = await openStore(folder, options);
    // Many writers, each of which goes on as soon as it was told that its write is stored.
    await Promise.all(
      Array.from({ length: 5 }, async (_, writer) => {
        for (let n = 0; n < 400; n++) await store.putBlob(`${writer} ${n % 40}`, many(300, n));
      }),
    );
    await store.close();
    const again = await openStore(folder, options);
    for (let writer = 0; writer < 5; writer++) {
      for (let n = 360; n < 400; n++)
        expect(Buffer.compare(again.blob(`${writer} ${n % 40}`)!, many(300, n))).toBe(0);
    }
    await again.close();
  });

  it('is found again when packing it was cut short', async () => {
    const { folder } = await withBlobs(3);
    await writeFile(`${journalOf(folder)}.new`, randomBytes(500));
    const store = await open(folder);
    expect(blobsOf(store)).toBe(3);
    await store.close();
    expect(await readdir(folder)).toEqual(['journal']);
  });
});

describe('a store in memory', () => {
  it('that is full says so, stores nothing of what did not fit, and goes on', async () => {
    const folder = await temporaryFolder();
    const options = { memory: { cipher: SEALER, bytes: 4 * MIB } };
    const store = await openStore(folder, options);
    let stored = 0;
    const error = await (async (): Promise<unknown> => {
      try {
        for (; stored < 100; stored++) await store.updateContract(addressOf(stored), many(100_000, stored));
        return undefined;
      } catch (reason) {
        return reason;
      }
    })();
    expect(error).toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringMatching(/4 MiB of memory.* full/),
    });
    expect(stored).toBeGreaterThan(25);
    // Reads, and what is small, still work; the one that did not fit left nothing.
    expect(store.contract(addressOf(stored))).toBeUndefined();
    await store.putBlob('small', bytes(10, 1));
    await store.close();
    const again = await openStore(folder, options);
    expect(again.counts().contracts).toBe(stored);
    for (let n = 0; n < stored; n++)
      expect(Buffer.compare(again.getContract(addressOf(n))!, many(100_000, n))).toBe(0);
    expect(again.blob('small')).toEqual(bytes(10, 1));
    // With less memory it does not fit, and with more there is room again.
    await again.close();
    const less = openStore(folder, { memory: { cipher: SEALER, bytes: 2 * MIB } });
    await expect(less).rejects.toMatchObject({ code: 'DISK_FULL' });
    const more = await openStore(folder, { memory: { cipher: SEALER, bytes: 8 * MIB } });
    expect(await more.updateContract(addressOf(stored), many(100_000, stored))).toBe(true);
    await more.close();
  });

  it('never outgrows its map, whatever is written and deleted', async () => {
    const folder = await temporaryFolder();
    const store = await openStore(folder, { memory: { cipher: SEALER, bytes: 4 * MIB } });
    const size = async (): Promise<number> => (await stat(join(store.readerFolder, 'data.mdb'))).size;
    const expected = await size();
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const writes = Array.from({ length: 1 + ((round * 7) % 40) }, (_, n) => {
        const [name, length] = [(round * 13 + n * 5) % 200, 1 + ((round * 997 + n * 3001) % 45_000)];
        return store.putBlob(`blob ${name}`, many(length, n)).catch((reason: { code?: string }) => {
          expect(reason.code).toBe('DISK_FULL');
          refused++;
        });
      });
      await Promise.all(writes);
      if (round % 3 === 0)
        await store.updateContract(addressOf(round % 5), many(60_000, round)).catch(() => refused++);
      if (round % 5 === 0) await store.removeContract(addressOf(round % 7)).catch(() => refused++);
      expect(await size()).toBe(expected);
    }
    expect(refused).toBeGreaterThan(0);
    await store.close();
    const again = await openStore(folder, { memory: { cipher: SEALER, bytes: 4 * MIB } });
    await again.putBlob('goes on', bytes(10, 1));
    await again.close();
  });

  it('deletes what was stored while another thread reads an old state of it', async () => {
    const script = `
      import { Worker } from 'node:worker_threads';
      const [folder, modules] = process.argv.slice(1);
      const { openStore } = await import(modules + 'store/open.js');
      const { sealerOf } = await import(modules + 'enclave/sealing/sealer.js');
      const cipher = sealerOf('key-file', new Uint8Array(32).fill(7));
      const store = await openStore(folder, { memory: { cipher, bytes: 2 ** 26 } });
      const address = new Uint8Array(32).fill(1);
      const deltas = Array.from({ length: 450 }, (_, key) => ({ address, key, data: new Uint8Array(500) }));
      await store.updateDeltas(deltas);
      const reading = new Worker(
        \`import { parentPort, workerData } from 'node:worker_threads';
         const { openStoreReader } = await import(workerData.modules + 'store/reader.js');
         openStoreReader(workerData.folder).contract(new Uint8Array(32));
         parentPort.postMessage('reads');
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);\`,
        { eval: true, workerData: { modules, folder: store.readerFolder } },
      );
      await new Promise((resolve) => reading.once('message', resolve));
      for (let n = 0; n < 400; n++) await store.putBlob('blob', new Uint8Array(10).fill(n));
      await store.removeContract(address);
      await store.updateDeltas(deltas.slice(0, 1));
      console.log(JSON.stringify({ ...store.counts(), blob: store.blob('blob')[0] }));
      process.exit();
    `;
    const modules = new URL('../../dist/', import.meta.url).href;
    const folder = await temporaryFolder();
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script, folder, modules]);
    expect(child.stderr.toString()).toBe('');
    expect(JSON.parse(child.stdout.toString())).toEqual({ contracts: 1, deltas: 1, blob: 399 & 0xff });
  });

  it('needs room for its whole map at the start', async () => {
    const folder = await temporaryFolder();
    const missing = openStore(folder, { memory: { cipher: SEALER, folder: join(folder, 'none') } });
    await expect(missing).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringContaining('memory map'),
    });
  });

  it('says so when the folder of its map has no room at all', async ({ skip }) => {
    const disk = await temporaryFolder();
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    if (mounted.status !== 0) skip('file systems can be mounted by root alone');
    onTestFinished(() => void spawnSync('umount', [disk]));
    const script = `
      const [folder, modules, disk] = process.argv.slice(1);
      const { openStore } = await import(modules + 'store/open.js');
      const { sealerOf } = await import(modules + 'enclave/sealing/sealer.js');
      const cipher = sealerOf('key-file', new Uint8Array(32).fill(7));
      const opening = openStore(folder, { memory: { cipher, bytes: 2 ** 20, folder: disk } });
      await opening.then((store) => store.close(), ({ code }) => process.stdout.write(code));
    `;
    const run = async (): Promise<string> => {
      const args = [await temporaryFolder(), new URL('../../dist/', import.meta.url).href, disk];
      return spawnSync(process.execPath, ['--input-type=module', '-e', script, ...args]).stdout.toString();
    };
    const { bavail, bsize } = statfsSync(disk);
    for (let pages = 0; pages < 4; pages++) {
      await writeFile(join(disk, 'full'), Buffer.alloc((bavail - pages) * bsize));
      expect(await run()).toBe('DISK_FULL');
      // What it left there would take from the room of the next.
      await rm(join(disk, 'full'));
      expect((await readdir(disk)).length).toBe(0);
    }
  });

  it('is read by other threads by way of its own folder, and by nobody from its data folder', async () => {
    const { folder } = await withBlobs(1);
    expect((await storeErrorOf(() => openStoreReader(folder))).message).toMatch(/sealed journal/);
    expect((await storeErrorOf(() => openStore(folder))).message).toMatch(/sealed journal/);
    const store = await open(folder);
    const reader = openStoreReader(store.readerFolder);
    onTestFinished(() => reader.close());
    expect(reader.blob('blob 0')).toEqual(bytes(100, 0));
    await reader.close();
    await store.close();
  });

  it('does not take the place of one on the disk', async () => {
    const folder = await temporaryFolder();
    const disk = await openStore(folder);
    await disk.putBlob('kept', bytes(10, 1));
    await disk.close();
    expect((await storeErrorOf(() => open(folder))).message).toMatch(/store on the disk/);
    const again = await openStore(folder);
    expect(again.blob('kept')).toEqual(bytes(10, 1));
    await again.close();
  });

  it('whose journal cannot be written stores nothing, and keeps what it has', async () => {
    const folder = await temporaryFolder();
    const { stored, codes, text } = fill(
      folder,
      `for (let i = 0; i < 2; i++)
         await store.putBlob('other', new Uint8Array(100_000)).catch((error) => codes.push(error.code));
       await store.putBlob('small', new Uint8Array([1]));`,
    );
    expect(codes).toEqual(['DISK_FULL', 'DISK_FULL', 'DISK_FULL']);
    expect(text).toMatch(/^nothing was stored: no room is left on the disk/);
    expect(text).not.toContain(folder);
    expect(stored).toBeGreaterThan(20);
    const store = await open(folder);
    expect(Buffer.compare(store.blob('blob')!, many(100_000, stored - 1))).toBe(0);
    expect(store.blob('other')).toBeUndefined();
    // What is small found its place in the rest of the file.
    expect(store.blob('small')).toEqual(new Uint8Array([1]));
    await store.close();
  });

  it.each([
    ['after a write that failed', ''],
    ['closed after a write that failed', 'await store.close();'],
  ])('leaves a journal that ends with its last record, %s', async (_when, then) => {
    const folder = await temporaryFolder();
    const { stored, codes } = fill(folder, then);
    expect(codes).toEqual(['DISK_FULL']);
    // No sudden end for the next start to know of.
    await rm(join(folder, 'core.lock'), { force: true });
    const store = await open(folder);
    expect(Buffer.compare(store.blob('blob')!, many(100_000, stored - 1))).toBe(0);
    await store.close();
  });
});

/** Has another process write to a store until its journal is full, and then do something else. */
function fill(folder: string, then: string): { stored: number; codes: string[]; text: string } {
  // The map has 2 MiB, and no file may come to more than 3.
  const script = `trap '' XFSZ; ulimit -f 3000; exec "$0" --input-type=module -e "$1" "$2" "$3"`;
  const modules = new URL('../../dist/', import.meta.url).href;
  const child = spawnSync('bash', ['-c', script, process.execPath, untilFull(then), folder, modules]);
  expect(child.stderr.toString()).toBe('');
  return JSON.parse(child.stdout.toString()) as { stored: number; codes: string[]; text: string };
}

const untilFull = (then: string): string => `
  const [folder, modules] = process.argv.slice(1);
  const { openStore } = await import(modules + 'store/open.js');
  const { sealerOf } = await import(modules + 'enclave/sealing/sealer.js');
  const cipher = sealerOf('key-file', new Uint8Array(32).fill(7));
  const store = await openStore(folder, { memory: { cipher, bytes: 2 ** 21 } });
  let stored = 0;
  const codes = [];
  let text = '';
  while (codes.length === 0) {
    const blob = Buffer.alloc(100_000, stored + ' ');
    await store.putBlob('blob', blob).then(() => stored++, ({ code, message }) => { codes.push(code); text = message; });
  }
  ${then}
  process.stdout.write(JSON.stringify({ stored, codes, text }), () => process.kill(process.pid, 'SIGKILL'));
`;
