import { scrypt } from 'node:crypto';
import {
  CryptoError,
  fromHex,
  fromUtf8,
  keyPairOf,
  open,
  randomBytes,
  seal,
  toHex,
  utf8,
} from '@enigma-worker/crypto';
import { silentLogger } from '@enigma-worker/host';
import { PrincipalError } from '../errors.js';
import { type ContractEntry, openContractBook, readContractBook } from './contract-book.js';
import type { Sealer } from './sealer.js';
import { lockDataDir, notProvisioned, whileStopped } from './data-lock.js';
import { expectUpToDate, loadSecrets, MASTER_SECRET_LENGTH, saveSecrets, type Secrets } from './vault.js';

const FORMAT = 'enigma-principal-backup/1';
/** scrypt, 128 MiB of memory and about half a second for each guess at the passphrase. */
const COST = { N: 1 << 17, r: 8, p: 1 } as const;
const AAD = utf8(FORMAT);

/**
 * A backup of the principal's secrets under a passphrase: its signing key, the master secret of each
 * generation, and which contract has which generation. For a principal that is not running. What a
 * later contract needs is in it too (keys are derived), so a new backup is due only after a rotation.
 * @returns the text of the backup file
 * @throws PrincipalError `NOT_PROVISIONED`, `LOCKED`, `DATA_CORRUPT`, `WRONG_PASSPHRASE` when it is empty
 */
export function backupPrincipal(dataDir: string, sealer: Sealer, passphrase: string): Promise<string> {
  return whileStopped(dataDir, async (isSuspect) => {
    const secrets = await loadSecrets(dataDir, sealer);
    if (secrets === undefined) throw notProvisioned(dataDir);
    const contracts = await readContractBook(dataDir, isSuspect);
    const salt = randomBytes(32);
    const key = await stretch(passphrase, salt);
    const sealed = seal(key, utf8(encodeContent(secrets, contracts)), { aad: AAD });
    return `${JSON.stringify({ format: FORMAT, kdf: 'scrypt', ...COST, salt: toHex(salt), sealed: toHex(sealed) })}\n`;
  });
}

/**
 * Puts a backup into a data folder that has no secrets yet.
 * @throws PrincipalError `ALREADY_PROVISIONED`, `BACKUP_MALFORMED`, `WRONG_PASSPHRASE`, `LOCKED`, `DATA_CORRUPT`,
 * `SECRETS_OUTDATED` when contracts of the folder have keys of a later generation than the backup
 */
export async function restorePrincipal(
  dataDir: string,
  sealer: Sealer,
  backup: string,
  passphrase: string,
): Promise<void> {
  const lock = await lockDataDir(dataDir);
  try {
    if ((await loadSecrets(dataDir, sealer)) !== undefined) {
      throw new PrincipalError(
        'ALREADY_PROVISIONED',
        `${dataDir}: holds a principal's secrets already; restore into an empty folder`,
      );
    }
    const { secrets, contracts } = await openBackup(backup, passphrase);
    // What a restore that was cut short left at the end of it is written now.
    const book = await openContractBook(dataDir, { isSuspect: lock.wasAbandoned, log: silentLogger });
    try {
      expectUpToDate(secrets, book, 'backup');
      await book.restore(contracts);
    } finally {
      await book.close();
    }
    // Last: a restore that was cut short leaves no secrets and can be run again.
    await saveSecrets(dataDir, sealer, secrets);
    await lock.release();
  } catch (error) {
    await lock.releaseAsFound();
    throw error;
  }
}

interface Content {
  readonly secrets: Secrets;
  readonly contracts: readonly ContractEntry[];
}

async function openBackup(backup: string, passphrase: string): Promise<Content> {
  const { salt, sealed } = parseEnvelope(backup);
  const key = await stretch(passphrase, salt);
  let plaintext: Uint8Array;
  try {
    plaintext = open(key, sealed, AAD);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw new PrincipalError(
      'WRONG_PASSPHRASE',
      'backup: does not open under this passphrase, or was altered',
    );
  }
  return parseContent(plaintext);
}

function parseEnvelope(backup: string): { salt: Uint8Array; sealed: Uint8Array } {
  try {
    const fields = JSON.parse(backup) as Record<string, unknown>;
    const costs = fields['N'] === COST.N && fields['r'] === COST.r && fields['p'] === COST.p;
    if (fields['format'] === FORMAT && fields['kdf'] === 'scrypt' && costs) {
      return { salt: fromHex(String(fields['salt'])), sealed: fromHex(String(fields['sealed'])) };
    }
  } catch {
    // The message below says all there is to say.
  }
  throw new PrincipalError('BACKUP_MALFORMED', `backup: not a file of format ${FORMAT}`);
}

function encodeContent(secrets: Secrets, contracts: Iterable<ContractEntry>): string {
  return JSON.stringify({
    signingKey: toHex(secrets.signing.privateKey),
    generations: secrets.generations.map(toHex),
    contracts: Array.from(contracts, ({ address, generation }) => [toHex(address), generation]),
  });
}

function parseContent(plaintext: Uint8Array): Content {
  // Authenticated: only what encodeContent wrote gets here.
  const { signingKey, generations, contracts } = JSON.parse(fromUtf8(plaintext)) as {
    signingKey: string;
    generations: string[];
    contracts: [string, number][];
  };
  const secrets = { signing: keyPairOf(fromHex(signingKey)), generations: generations.map(fromHex) };
  if (
    secrets.generations.length === 0 ||
    secrets.generations.some(({ length }) => length !== MASTER_SECRET_LENGTH)
  ) {
    throw new PrincipalError('BACKUP_MALFORMED', 'backup: expected master secrets of 32 bytes');
  }
  return {
    secrets,
    contracts: contracts.map(([address, generation]) => ({ address: fromHex(address), generation })),
  };
}

async function stretch(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  if (passphrase === '') throw new PrincipalError('WRONG_PASSPHRASE', 'backup passphrase: must not be empty');
  return await new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, 32, { ...COST, maxmem: 1 << 28 }, (error, key) => {
      if (error === null) resolve(new Uint8Array(key));
      else reject(error);
    });
  });
}
