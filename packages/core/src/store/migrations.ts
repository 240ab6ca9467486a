import { concat, randomBytes, toHex } from '@enigma-worker/crypto';
import { BUCKETS, CHAIN_LENGTH } from './buckets.js';
import type { Database } from './database.js';
import { StoreError } from './errors.js';

/** Brings the data of one version of the schema to the next, inside a transaction. */
export type Migration = (db: Database) => void;

/**
 * What leads to the present schema: the first entry makes version 2 of version 1, and so on. An entry,
 * once released, is never changed.
 */
const MIGRATIONS: readonly Migration[] = [nameChains];

/**
 * Version 1 stored deltas under the address of their contract. Version 2 stores them under the chain of its record,
 * which is appended there.
 */
function nameChains(db: Database): void {
  // A contract that was removed: what was still to be deleted of it.
  for (const address of Array.from(db.keys('dropped')).filter(({ length }) => length === 32)) {
    for (const key of Array.from(db.keys('deltas', { prefix: address }))) db.remove('deltas', key);
    db.remove('dropped', address);
  }
  for (const { key: address, value } of Array.from(db.entries('contracts'))) {
    const chain = randomBytes(CHAIN_LENGTH);
    db.put('contracts', address, concat(value, chain));
    for (const key of Array.from(db.keys('deltas', { prefix: address }))) {
      const delta = db.get('deltas', key);
      if (delta === undefined) throw new StoreError('CORRUPT', `a delta of ${toHex(address)} is lost`);
      db.put('deltas', concat(chain, key.subarray(address.length)), delta);
      db.remove('deltas', key);
    }
  }
}

const VERSION_KEY = Buffer.from('schemaVersion');

/** The version that a list of migrations leads to. */
export function schemaVersion(migrations: readonly Migration[] = MIGRATIONS): number {
  return migrations.length + 1;
}

/**
 * The version of a database; none when it is new.
 * @throws StoreError `CORRUPT` when a table was lost
 */
export function storedVersion(db: Database): number | undefined {
  // The first table that is made, and the one that says that all were.
  if (db.missingTables.includes(BUCKETS.meta)) {
    if (db.missingTables.length === Object.keys(BUCKETS).length) return undefined;
    throw lostTables(db);
  }
  const stored = db.get('meta', VERSION_KEY);
  return stored === undefined ? undefined : new DataView(stored.buffer, stored.byteOffset).getUint32(0);
}

/**
 * Refuses a database that this program cannot read.
 * @throws StoreError `NOT_A_STORE`, `NEWER_SCHEMA`, or `NOT_WRITABLE` when it must be migrated first
 */
export function checkSchema(db: Database, migrations: readonly Migration[] = MIGRATIONS): void {
  if (checkCopyable(db, migrations) < schemaVersion(migrations)) {
    throw new StoreError(
      'NOT_WRITABLE',
      `the store in ${db.folder} has an older schema: start the core on it once`,
    );
  }
}

/**
 * Refuses a database of which a copy would be of no use. One with an older schema is none such: a copy of it is migrated
 * like itself.
 * @returns its version
 * @throws StoreError `NOT_A_STORE`, `NEWER_SCHEMA`, `CORRUPT`
 */
export function checkCopyable(db: Database, migrations: readonly Migration[] = MIGRATIONS): number {
  const version = storedVersion(db);
  if (version === undefined) throw new StoreError('NOT_A_STORE', `${db.folder} holds no store`);
  refuseNewer(db, version, migrations);
  if (version === schemaVersion(migrations) && db.missingTables.length > 0) throw lostTables(db);
  return version;
}

/**
 * Brings a database to the present schema, all in one transaction.
 * @throws StoreError `NEWER_SCHEMA`
 */
export async function migrate(db: Database, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const version = storedVersion(db);
  const target = schemaVersion(migrations);
  if (version === target) {
    if (db.missingTables.length > 0) throw lostTables(db);
    return;
  }
  if (version !== undefined) refuseNewer(db, version, migrations);
  await db.write(() => {
    if (version !== undefined) for (const step of migrations.slice(version - 1)) step(db);
    const value = new Uint8Array(4);
    new DataView(value.buffer).setUint32(0, target);
    db.put('meta', VERSION_KEY, value);
  });
}

function lostTables(db: Database): StoreError {
  return new StoreError(
    'CORRUPT',
    `the store in ${db.folder} is damaged: it lacks ${db.missingTables.join(', ')}`,
  );
}

function refuseNewer(db: Database, version: number, migrations: readonly Migration[]): void {
  const known = schemaVersion(migrations);
  if (version <= known) return;
  throw new StoreError(
    'NEWER_SCHEMA',
    `the store in ${db.folder} has schema version ${version}, and this program knows versions up to ${known}: use a newer program`,
  );
}
