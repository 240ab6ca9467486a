import { scrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes, fromHex, randomBytes, toHex } from '@enigma-worker/crypto';
import { createFile } from './create-file.js';
import { SealingError, sealingKeyId } from './sealer.js';

/** Cost of a new passphrase key: 128 MiB of memory, about half a second. */
const COST = { N: 1 << 17, r: 8, p: 1 } as const;
/** A parameter file may not make this process take more memory than this. */
const MOST_MEMORY = 1 << 30;

interface Parameters {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Uint8Array;
  /** Names the key, so that a wrong passphrase is told before anything is opened. */
  readonly keyId: Uint8Array;
}

/**
 * A sealing key from a passphrase by scrypt (RFC 7914). Salt and cost stand in `sealing.json` in the
 * data folder, which is not secret and is created on first use.
 * @throws SealingError `WRONG_KEY` for another passphrase than the first one, `KEY_INVALID` for a
 * damaged parameter file or an empty passphrase, `KEY_UNAVAILABLE` when the file cannot be used
 */
export async function passphraseKey(dataDir: string, passphrase: string): Promise<Uint8Array> {
  if (passphrase === '') throw new SealingError('KEY_INVALID', 'sealing passphrase: must not be empty');
  const path = join(dataDir, 'sealing.json');
  const known = await readParameters(path);
  if (known !== undefined) return await checkedKey(path, passphrase, known);
  const salt = randomBytes(32);
  const key = await stretch(passphrase, { ...COST, salt });
  const keyId = sealingKeyId(key);
  createFile(path, `${JSON.stringify({ kdf: 'scrypt', ...COST, salt: toHex(salt), keyId: toHex(keyId) })}\n`);
  // Another process may have been first: its parameters are the ones that count.
  const stored = await readParameters(path);
  if (stored === undefined) throw new SealingError('KEY_UNAVAILABLE', `sealing parameters ${path}: vanished`);
  return equalBytes(stored.keyId, keyId) ? key : await checkedKey(path, passphrase, stored);
}

async function checkedKey(path: string, passphrase: string, parameters: Parameters): Promise<Uint8Array> {
  const key = await stretch(passphrase, parameters);
  if (!equalBytes(sealingKeyId(key), parameters.keyId)) {
    throw new SealingError('WRONG_KEY', `sealing passphrase: not the one that ${path} was made with`);
  }
  return key;
}

async function stretch(
  passphrase: string,
  { N, r, p, salt }: Omit<Parameters, 'keyId'>,
): Promise<Uint8Array> {
  const maxmem = MOST_MEMORY + (1 << 20);
  return await new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, 32, { N, r, p, maxmem }, (error, key) => {
      if (error === null) resolve(new Uint8Array(key));
      else reject(error);
    });
  });
}

async function readParameters(path: string): Promise<Parameters | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new SealingError('KEY_UNAVAILABLE', `sealing parameters ${path}: cannot be read (${error.code})`, {
      cause: error,
    });
  });
  if (text === undefined) return undefined;
  const parameters = parseParameters(text);
  if (parameters === undefined) {
    throw new SealingError('KEY_INVALID', `sealing parameters ${path}: not what this version wrote`);
  }
  return parameters;
}

function parseParameters(text: string): Parameters | undefined {
  try {
    const { kdf, N, r, p, salt, keyId } = JSON.parse(text) as Record<string, unknown>;
    if (kdf !== 'scrypt' || typeof salt !== 'string' || typeof keyId !== 'string') return undefined;
    if (!isCost(N) || !isCost(r) || !isCost(p) || p > 16 || memoryOf(N, r, p) > MOST_MEMORY) return undefined;
    if (N === 1 || !Number.isInteger(Math.log2(N))) return undefined;
    return { N, r, p, salt: fromHex(salt), keyId: fromHex(keyId) };
  } catch {
    return undefined;
  }
}

/** What OpenSSL takes, in bytes. */
function memoryOf(N: number, r: number, p: number): number {
  return 128 * r * (N + p + 2);
}

function isCost(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
