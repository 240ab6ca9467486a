import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderLock, FolderLockError } from '@enigma-worker/host';
import { afterAll, describe, expect, it } from 'vitest';

const NAME = 'test.lock';
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-host-'));
  folders.push(folder);
  return folder;
}

describe('FolderLock', () => {
  it('keeps others out until it is given back, and says who has it', async () => {
    const folder = newFolder();
    const lock = await FolderLock.acquire(folder, NAME);
    expect(lock.wasAbandoned).toBe(false);
    const refused = await FolderLock.acquire(folder, NAME).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(FolderLockError);
    expect(refused).toMatchObject({
      code: 'LOCKED',
      message: `another process holds the lock ${join(folder, NAME)}`,
    });
    await Promise.all([lock.release(), lock.release()]);
    await (await FolderLock.acquire(folder, NAME)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is one of several in a folder, by name', async () => {
    const folder = newFolder();
    const locks = await Promise.all([NAME, 'other.lock'].map((name) => FolderLock.acquire(folder, name)));
    expect(readdirSync(folder).toSorted()).toEqual(['other.lock', NAME]);
    await Promise.all(locks.map((lock) => lock.release()));
  });

  it('has one holder, however many try at once, also over a stale lock', async () => {
    const folder = newFolder();
    for (const stale of [false, true, true, true, false]) {
      if (stale) writeFileSync(join(folder, NAME), 'left over');
      const attempts = await Promise.allSettled(
        Array.from({ length: 20 }, () => FolderLock.acquire(folder, NAME)),
      );
      const holders = attempts.filter((attempt) => attempt.status === 'fulfilled');
      expect(holders).toHaveLength(1);
      await holders[0]!.value.release();
    }
  });

  it('keeps others out where there are no hard links, also over a stale lock', async () => {
    const folder = newFolder();
    const link = (): never => {
      throw Object.assign(new Error('not implemented'), { code: 'ENOSYS' });
    };
    const first = await FolderLock.acquire(folder, NAME, link);
    await expect(FolderLock.acquire(folder, NAME, link)).rejects.toMatchObject({ code: 'LOCKED' });
    await expect(FolderLock.acquire(folder, NAME)).rejects.toMatchObject({ code: 'LOCKED' });
    // It may have: nobody can tell.
    expect(first.wasAbandoned).toBe(true);
    await first.release();
    writeFileSync(join(folder, NAME), 'left over');
    const attempts = await Promise.allSettled(
      Array.from({ length: 5 }, () => FolderLock.acquire(folder, NAME, link)),
    );
    const holders = attempts.filter((attempt) => attempt.status === 'fulfilled');
    expect(holders).toHaveLength(1);
    await holders[0]!.value.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('given back as it was found tells the next holder what this one was told', async () => {
    const folder = newFolder();
    await (await FolderLock.acquire(folder, NAME)).releaseAsFound();
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(join(folder, NAME), 'left over');
    for (let n = 0; n < 2; n++) {
      const lock = await FolderLock.acquire(folder, NAME);
      expect(lock.wasAbandoned).toBe(true);
      await Promise.all([lock.releaseAsFound(), lock.releaseAsFound()]);
    }
    await (await FolderLock.acquire(folder, NAME)).release();
    expect((await FolderLock.acquire(folder, NAME)).wasAbandoned).toBe(false);
  });

  it('works in a folder whose path is too long for a socket', async () => {
    const folder = join(newFolder(), 'x'.repeat(100), 'y'.repeat(100));
    mkdirSync(folder, { recursive: true });
    const lock = await FolderLock.acquire(folder, NAME);
    await expect(FolderLock.acquire(folder, NAME)).rejects.toMatchObject({ code: 'LOCKED' });
    await lock.release();
  });

  it('needs a folder', async () => {
    await expect(FolderLock.acquire(join(newFolder(), 'none'), NAME)).rejects.toMatchObject({
      syscall: 'listen',
    });
  });
});
