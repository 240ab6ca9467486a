import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { open } from 'lmdb';

const BYTES = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** A hash of every entry of every table of a core's database, whether the core runs or not. */
export async function dump(dataDir: string): Promise<string> {
  const root = open<Buffer, Uint8Array>({
    path: join(dataDir, 'store'),
    ...BYTES,
    maxDbs: 32,
    readOnly: true,
  });
  try {
    const hash = createHash('sha256');
    const add = (bytes: Uint8Array): void => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      hash.update(length).update(bytes);
    };
    const names = Array.from(root.getKeys({ start: Uint8Array.of(0) }), (key) =>
      Buffer.from(key).toString('latin1').replace(/\0$/, ''),
    );
    if (names.length < 5) throw new Error(`only ${names.length} tables were found`);
    for (const name of names) {
      add(Buffer.from(name));
      const table = root.openDB<Buffer, Uint8Array>({ name, ...BYTES });
      for (const { key, value } of table.getRange({})) {
        add(key);
        add(value);
      }
    }
    return hash.digest('hex');
  } finally {
    await root.close();
  }
}
