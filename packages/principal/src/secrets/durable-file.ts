import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomBytes, toHex } from '@enigma-worker/crypto';

/**
 * Writes a file that only its owner can read: after it resolves the new content is on disk, at any
 * earlier crash the old content is there in full.
 */
export async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${toHex(randomBytes(8))}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Not every system lets a folder be flushed, Gramine for one; there a rename is as durable as it gets.
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (['EIO', 'ENOSPC', 'EDQUOT'].includes(code)) throw error;
  } finally {
    await handle.close();
  }
}

/** The content of a file, or undefined when there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
