import { link, mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomBytes, toHex } from '@enigma-worker/crypto';

/**
 * Creates a file that only its owner can read (mode 0600), complete and on disk before it is
 * visible. An existing file is left as it is: of two processes that create it at once, one wins.
 */
export async function createFile(path: string, content: string): Promise<void> {
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
    // A hard link, unlike a rename, never replaces a file that appeared in the meantime.
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await syncFolder(folder);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
