import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';

const COMMITS = 1_000;
const VALUE = Buffer.alloc(300, 7);

/** Seconds that LMDB takes to make one value of 300 bytes durable, one after the other. */
export async function lmdbCommitSeconds(): Promise<number> {
  const path = mkdtempSync(join(tmpdir(), 'enigma-bench-'));
  const db = open<Buffer, number>({ path, encoding: 'binary', overlappingSync: false });
  try {
    const began = performance.now();
    for (let key = 0; key < COMMITS; key++) db.putSync(key, VALUE);
    return (performance.now() - began) / 1000 / COMMITS;
  } finally {
    await db.close();
    rmSync(path, { recursive: true, force: true });
  }
}
