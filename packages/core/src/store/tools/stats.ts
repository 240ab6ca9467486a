import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from '../database.js';
import { databasePath } from '../file-check.js';
import { checkSchema, storedVersion } from '../migrations.js';
import { openDatabase } from '../open-database.js';
import type { Progress } from '../progress.js';
import type { ContractRecord } from '../records.js';
import { isBehind } from '../store.js';
import { expectRecord } from '../writes.js';

/** What a store holds. */
export interface StoreStats {
  readonly schemaVersion: number;
  /** Size of the database file. */
  readonly fileBytes: number;
  readonly contracts: number;
  /** Contracts without bytecode. */
  readonly withoutBytecode: number;
  /** Contracts with deltas that their state does not contain yet. */
  readonly behind: number;
  /** Contracts some of whose deltas are missing. */
  readonly withGaps: number;
  /** Those about to be deleted included. */
  readonly deltas: number;
  /** Different bytecodes. */
  readonly bytecodes: number;
  /** Sealed values of all states, those about to be deleted included. */
  readonly stateValues: number;
  readonly stateKeys: number;
}

const INTERVAL = 1000;

/** Counts what the store of a folder holds, also while a core has it open. @throws StoreError */
export async function readStats(folder: string, progress?: Progress): Promise<StoreStats> {
  const path = resolve(folder);
  const db = openDatabase(path, { mode: 'read' });
  try {
    checkSchema(db);
    const records = await countRecords(db, progress);
    return {
      schemaVersion: storedVersion(db) ?? 0,
      fileBytes: statSync(databasePath(path)).size,
      contracts: db.count('contracts'),
      ...records,
      deltas: db.count('deltas'),
      bytecodes: db.count('bytecode'),
      stateValues: db.count('states'),
      stateKeys: db.count('stateKeys'),
    };
  } finally {
    await db.close();
  }
}

async function countRecords(
  db: Database,
  progress?: Progress,
): Promise<{ withoutBytecode: number; behind: number; withGaps: number }> {
  using snapshot = db.snapshot();
  const counts = { withoutBytecode: 0, behind: 0, withGaps: 0 };
  const total = db.count('contracts');
  let done = 0;
  for (const { key, value } of db.entries('contracts', {}, snapshot)) {
    const record = expectRecord(key, value);
    if (record.codeHash === undefined) counts.withoutBytecode++;
    if (isBehind(record)) counts.behind++;
    if (hasGaps(record)) counts.withGaps++;
    if (++done % INTERVAL === 0) {
      progress?.(done, total);
      await nextTurn();
    }
  }
  progress?.(done, total);
  return counts;
}

function hasGaps({ tip, deltaCount }: ContractRecord): boolean {
  return tip !== undefined && deltaCount !== tip + 1;
}
