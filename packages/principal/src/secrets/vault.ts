import { join } from 'node:path';
import { generateKeyPair, type KeyPair, keyPairOf, randomBytes } from '@enigma-worker/crypto';
import { PrincipalError } from '../errors.js';
import { type ContractBook, hasContracts } from './contract-book.js';
import { notProvisioned, whileStopped } from './data-lock.js';
import { readIfThere, writeDurably } from './durable-file.js';
import { hasRegistrations, resealRegistrations } from './registration-book.js';
import type { Sealer } from './sealer.js';

/** Length of one master secret. */
export const MASTER_SECRET_LENGTH = 32;

/** Everything the principal must never lose or tell. */
export interface Secrets {
  /** Signs responses; cores pin its address. */
  readonly signing: KeyPair;
  /** One master secret of 32 bytes for each generation, the oldest first; at least one. */
  readonly generations: readonly Uint8Array[];
}

/** File name and label under which the secrets are sealed: private key(32), then the generations. */
export const SECRETS_FILE = 'principal.sealed';
const LABEL = 'principal-secrets';

/**
 * The secrets of a data folder, made and sealed there on the first start.
 * @throws PrincipalError `SECRETS_MISSING` when it was not the first: other secrets would give other keys to contracts
 * that have keys; as `loadSecrets`
 */
export async function loadOrCreateSecrets(dataDir: string, sealer: Sealer): Promise<Secrets> {
  const secrets = await loadSecrets(dataDir, sealer);
  if (secrets !== undefined) return secrets;
  if ((await hasContracts(dataDir)) || (await hasRegistrations(dataDir))) {
    throw new PrincipalError(
      'SECRETS_MISSING',
      `${dataDir}: holds contracts or registrations, but no secrets (${SECRETS_FILE}): restore a backup`,
    );
  }
  const fresh = { signing: generateKeyPair(), generations: [randomBytes(MASTER_SECRET_LENGTH)] };
  await saveSecrets(dataDir, sealer, fresh);
  return fresh;
}

/**
 * Makes sure that secrets are not of before a rotation since which contracts got keys.
 * @param whose what holds them, for the message
 * @throws PrincipalError `SECRETS_OUTDATED`: those contracts would get no keys, and new ones keys that nobody should have
 */
export function expectUpToDate(
  { generations }: Secrets,
  { newestGeneration }: Pick<ContractBook, 'newestGeneration'>,
  whose: string,
): void {
  if (newestGeneration < generations.length) return;
  throw new PrincipalError(
    'SECRETS_OUTDATED',
    `${whose}: was made before a rotation, since which contracts got keys of generation ${newestGeneration}; it holds none beyond ${generations.length - 1}: restore a later backup`,
  );
}

/**
 * The secrets of a data folder, or undefined when it has none.
 * @throws PrincipalError `DATA_CORRUPT`; what the sealer throws when the key is another one
 */
export async function loadSecrets(dataDir: string, sealer: Sealer): Promise<Secrets | undefined> {
  const sealed = await readIfThere(join(dataDir, SECRETS_FILE));
  if (sealed === undefined) return undefined;
  const plaintext = sealer.open(LABEL, sealed);
  const count = plaintext.length / MASTER_SECRET_LENGTH - 1;
  if (!Number.isInteger(count) || count < 1) {
    throw new PrincipalError(
      'DATA_CORRUPT',
      `${SECRETS_FILE}: expected a private key and at least one master secret`,
    );
  }
  const part = (index: number): Uint8Array =>
    plaintext.slice(index * MASTER_SECRET_LENGTH, (index + 1) * MASTER_SECRET_LENGTH);
  return {
    signing: keyPairOf(part(0)),
    generations: Array.from({ length: count }, (_, index) => part(index + 1)),
  };
}

/** Seals the secrets into the data folder, durably, in the place of any earlier ones. */
export async function saveSecrets(dataDir: string, sealer: Sealer, secrets: Secrets): Promise<void> {
  const parts = [secrets.signing.privateKey, ...secrets.generations];
  const plaintext = new Uint8Array(parts.length * MASTER_SECRET_LENGTH);
  for (const [index, part] of parts.entries()) plaintext.set(part, index * MASTER_SECRET_LENGTH);
  await writeDurably(join(dataDir, SECRETS_FILE), sealer.seal(LABEL, plaintext));
  plaintext.fill(0);
}

/**
 * Adds a generation: contracts that are first asked for from now on get state keys of a new master
 * secret. Contracts known before keep their keys, since their states and deltas are encrypted under
 * them. For a principal that is not running; make a new backup afterwards.
 * @returns the number of the new generation, counted from 0
 * @throws PrincipalError `NOT_PROVISIONED` when the folder holds no secrets, `LOCKED` while a principal runs there
 */
export function rotateMasterSecret(dataDir: string, sealer: Sealer): Promise<number> {
  return whileStopped(dataDir, async () => {
    const secrets = await loadSecrets(dataDir, sealer);
    if (secrets === undefined) throw notProvisioned(dataDir);
    const generations = [...secrets.generations, randomBytes(MASTER_SECRET_LENGTH)];
    await saveSecrets(dataDir, sealer, { ...secrets, generations });
    return generations.length - 1;
  });
}

/**
 * Seals the secrets, and the registrations of workers, again under another sealing key. At a crash each file
 * is whole, under the one key or the other; a second run finishes the first. For a principal that is not running.
 * @throws PrincipalError `NOT_PROVISIONED`, `LOCKED`; what the sealers throw
 */
export function resealSecrets(dataDir: string, from: Sealer, to: Sealer): Promise<void> {
  return whileStopped(dataDir, async () => {
    const isMoved = await opens(dataDir, to);
    const secrets = isMoved ? undefined : await loadSecrets(dataDir, from);
    if (!isMoved && secrets === undefined) throw notProvisioned(dataDir);
    await resealRegistrations(dataDir, from, to);
    if (secrets !== undefined) await saveSecrets(dataDir, to, secrets);
  });
}

async function opens(dataDir: string, sealer: Sealer): Promise<boolean> {
  try {
    return (await loadSecrets(dataDir, sealer)) !== undefined;
  } catch {
    // Under another key, or damaged: the other sealer will say which.
    return false;
  }
}
