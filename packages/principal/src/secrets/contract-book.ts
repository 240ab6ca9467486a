import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { compareBytes, fromHex, toHex } from '@enigma-worker/crypto';
import type { Logger } from '@enigma-worker/host';
import { PrincipalError } from '../errors.js';
import { readIfThere } from './durable-file.js';

/** A contract and the generation of the master secret that its state key is derived from. */
export interface ContractEntry {
  /** 32 bytes. */
  readonly address: Uint8Array;
  readonly generation: number;
}

/**
 * Which contracts keys were given out for, and of which generation: a contract keeps the generation
 * that was the newest when it was first asked for.
 */
export interface ContractBook extends AsyncDisposable {
  readonly size: number;
  /** The newest generation that a contract has; −1 when there is none. */
  readonly newestGeneration: number;
  /** Whether it is unknown what a failed write left on the disk: nothing is entered until that is cut off. */
  readonly isInDoubt: boolean;
  /** The generation of each contract in the order asked; new ones are entered durably first, or none of them. */
  enter(addresses: readonly Uint8Array[], newestGeneration: number): Promise<number[]>;
  /** All contracts, ordered by address. */
  entries(): ContractEntry[];
  /** Enters contracts with their generations, durably: for a restore. */
  restore(entries: readonly ContractEntry[]): Promise<void>;
  close(): Promise<void>;
}

/** How a book is opened. */
export interface BookContext {
  /** Whether the principal before came to a sudden end: only then may the end of the book be cut short. */
  readonly isSuspect: boolean;
  readonly log: Logger;
}

const FILE = 'contracts.log';
/** address(32) ‖ generation(4) ‖ CRC-32 of both(4). */
const RECORD_LENGTH = 40;

/**
 * Opens the book in a data folder; an empty one is made on first use. It is a file to which records are
 * appended, each on disk before a key is derived by it: no database, so that it also works on the
 * encrypted files of an enclave. A record that a crash cut short was never answered for, and goes.
 * @throws PrincipalError `DATA_CORRUPT` for any other damage
 */
export async function openContractBook(
  dataDir: string,
  { isSuspect, log }: BookContext,
): Promise<ContractBook> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, FILE);
  const file = await open(path, 'a+', 0o600);
  try {
    const content = await file.readFile();
    const records = parseRecords(path, content, isSuspect);
    if (records.length < content.length) {
      log.warn(
        { path, bytes: content.length - records.length },
        'the end of the list of contracts, which a sudden end cut short before it was acknowledged, was dropped',
      );
      await file.truncate(records.length);
      await file.datasync();
    }
    return new JournalBook(file, records, log);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * The contracts in the book of a data folder, which stays as it is.
 * @param isSuspect as of {@link BookContext}
 * @throws PrincipalError `DATA_CORRUPT`
 */
export async function readContractBook(dataDir: string, isSuspect: boolean): Promise<ContractEntry[]> {
  const path = join(dataDir, FILE);
  const content = Buffer.from((await readIfThere(path)) ?? []);
  return entriesOf(parseRecords(path, content, isSuspect).generations);
}

/** Whether the book of a data folder has anything in it, be it whole or not. */
export async function hasContracts(dataDir: string): Promise<boolean> {
  return ((await readIfThere(join(dataDir, FILE)))?.length ?? 0) > 0;
}

/** What a book says. */
interface Records {
  /** By address in hex. */
  readonly generations: Map<string, number>;
  /** Bytes of the records. */
  readonly length: number;
}

class JournalBook implements ContractBook {
  readonly #file: FileHandle;
  readonly #log: Logger;
  /** By address in hex: what is on disk. */
  readonly #generations: Map<string, number>;
  /** Bytes of what is on disk. */
  #length: number;
  #isInDoubt = false;
  #isClosed = false;
  #lastTurn: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(file: FileHandle, { generations, length }: Records, log: Logger) {
    this.#file = file;
    this.#log = log;
    this.#generations = generations;
    this.#length = length;
  }

  get size(): number {
    return this.#generations.size;
  }

  get newestGeneration(): number {
    let newest = -1;
    for (const generation of this.#generations.values()) newest = Math.max(newest, generation);
    return newest;
  }

  get isInDoubt(): boolean {
    return this.#isInDoubt;
  }

  async enter(addresses: readonly Uint8Array[], newestGeneration: number): Promise<number[]> {
    const names = addresses.map(toHex);
    await this.#append(names.map((name) => [name, newestGeneration]));
    return names.map((name) => this.#generations.get(name)!);
  }

  entries(): ContractEntry[] {
    return entriesOf(this.#generations);
  }

  async restore(entries: readonly ContractEntry[]): Promise<void> {
    await this.#append(entries.map(({ address, generation }) => [toHex(address), generation]));
  }

  /** @throws whatever the file system throws when it is in doubt and stays so: only a start after a sudden end mends it */
  close(): Promise<void> {
    this.#closing ??= this.#inTurn(async () => {
      this.#isClosed = true;
      try {
        if (this.#isInDoubt) await this.#cutBack();
      } finally {
        await this.#file.close();
      }
    });
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Resolves when all of these are on disk; who finds them there waits for nobody. */
  async #append(records: readonly (readonly [name: string, generation: number])[]): Promise<void> {
    const fresh = (): typeof records => records.filter(([name]) => !this.#generations.has(name));
    if (fresh().length === 0) return;
    // Some may be on disk by the time that it is their turn, or still be missing since the write of another failed.
    await this.#inTurn(() => this.#write(new Map(fresh())));
  }

  async #write(records: ReadonlyMap<string, number>): Promise<void> {
    if (records.size === 0) return;
    if (this.#isClosed) throw new Error('the list of contracts is closed');
    if (this.#isInDoubt) await this.#cutBack();
    const bytes = Buffer.concat(Array.from(records, encodeRecord));
    try {
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
    } catch (error) {
      await this.#cutBack().catch(() => undefined);
      throw error;
    }
    this.#length += bytes.length;
    for (const [name, generation] of records) this.#generations.set(name, generation);
  }

  /** Takes back what a failed write left. */
  async #cutBack(): Promise<void> {
    try {
      await this.#file.truncate(this.#length);
      await this.#file.datasync();
      this.#isInDoubt = false;
    } catch (error) {
      this.#isInDoubt = true;
      this.#log.error(
        { err: error },
        'what a failed write left of the list of contracts cannot be cut off: no new contract gets a key until it can',
      );
      throw error;
    }
  }

  /** Does something when all before it is done, or has failed. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(act);
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }
}

function entriesOf(generations: ReadonlyMap<string, number>): ContractEntry[] {
  const entries = Array.from(generations, ([name, generation]) => ({ address: fromHex(name), generation }));
  return entries.sort((a, b) => compareBytes(a.address, b.address));
}

function encodeRecord([name, generation]: readonly [string, number]): Buffer {
  const record = Buffer.alloc(RECORD_LENGTH);
  record.set(fromHex(name));
  record.writeUInt32BE(generation, 32);
  record.writeUInt32BE(crc32(record.subarray(0, 36)), 36);
  return record;
}

function parseRecords(path: string, content: Buffer, isSuspect: boolean): Records {
  const generations = new Map<string, number>();
  let start = 0;
  for (; start + RECORD_LENGTH <= content.length; start += RECORD_LENGTH) {
    const record = content.subarray(start, start + RECORD_LENGTH);
    if (crc32(record.subarray(0, 36)) !== record.readUInt32BE(36)) {
      // Several records are appended at once: a crash may have left the last of them in any state.
      if (isTail(content.subarray(start))) break;
      throw new PrincipalError(
        'DATA_CORRUPT',
        `${path} is damaged: the record at byte ${start} is not what was written`,
      );
    }
    generations.set(toHex(record.subarray(0, 32)), record.readUInt32BE(32));
  }
  if (start < content.length && !isSuspect) {
    throw new PrincipalError(
      'DATA_CORRUPT',
      `${path} is damaged: its last ${content.length - start} bytes make no sense`,
    );
  }
  return { generations, length: start };
}

/** Whether no sound record follows. */
function isTail(rest: Buffer): boolean {
  for (let start = RECORD_LENGTH; start + RECORD_LENGTH <= rest.length; start += RECORD_LENGTH) {
    const record = rest.subarray(start, start + RECORD_LENGTH);
    if (crc32(record.subarray(0, 36)) === record.readUInt32BE(36)) return false;
  }
  return true;
}
