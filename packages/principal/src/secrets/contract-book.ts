import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { compareBytes, fromHex, toHex } from '@enigma-worker/crypto';
import { PrincipalError } from '../errors.js';

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
  /** The generation of each contract in the order asked; new ones are entered durably first. */
  enter(addresses: readonly Uint8Array[], newestGeneration: number): Promise<number[]>;
  /** All contracts, ordered by address. */
  entries(): ContractEntry[];
  /** Enters contracts with their generations, durably: for a restore. */
  restore(entries: readonly ContractEntry[]): Promise<void>;
  close(): Promise<void>;
}

/** address(32) ‖ generation(4) ‖ CRC-32 of both(4). */
const RECORD_LENGTH = 40;

/**
 * Opens the book in a data folder; an empty one is made on first use. It is a file to which records are
 * appended, each on disk before a key is derived by it: no database, so that it also works on the
 * encrypted files of an enclave. A record that a crash cut short was never answered for, and goes.
 * @throws PrincipalError `DATA_CORRUPT` when a record before the last is damaged
 */
export async function openContractBook(dataDir: string): Promise<ContractBook> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'contracts.log');
  const file = await open(path, 'a+', 0o600);
  try {
    const content = await file.readFile();
    const generations = parseRecords(path, content);
    await file.truncate(generations.size * RECORD_LENGTH);
    return new JournalBook(file, generations);
  } catch (error) {
    await file.close();
    throw error;
  }
}

class JournalBook implements ContractBook {
  readonly #file: FileHandle;
  /** By address in hex: what is on disk, and what is being written. */
  readonly #generations: Map<string, number>;
  #lastWrite: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(file: FileHandle, generations: Map<string, number>) {
    this.#file = file;
    this.#generations = generations;
  }

  get size(): number {
    return this.#generations.size;
  }

  async enter(addresses: readonly Uint8Array[], newestGeneration: number): Promise<number[]> {
    const names = addresses.map(toHex);
    const fresh = [...new Set(names)].filter((name) => !this.#generations.has(name));
    await this.#append(fresh.map((name) => [name, newestGeneration]));
    return names.map((name) => this.#generations.get(name)!);
  }

  entries(): ContractEntry[] {
    const entries = Array.from(this.#generations, ([name, generation]) => ({
      address: fromHex(name),
      generation,
    }));
    return entries.sort((a, b) => compareBytes(a.address, b.address));
  }

  async restore(entries: readonly ContractEntry[]): Promise<void> {
    const fresh = entries.filter(({ address }) => !this.#generations.has(toHex(address)));
    await this.#append(fresh.map(({ address, generation }) => [toHex(address), generation]));
  }

  close(): Promise<void> {
    this.#closing ??= this.#lastWrite.catch(() => undefined).then(() => this.#file.close());
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Resolves when these records and all before them are on disk; who finds them in memory waits likewise. */
  async #append(records: readonly (readonly [name: string, generation: number])[]): Promise<void> {
    for (const [name, generation] of records) this.#generations.set(name, generation);
    if (records.length > 0) {
      // A write that failed leaves the file in doubt: all later ones fail too, until a restart reads it again.
      this.#lastWrite = this.#writeAfter(this.#lastWrite, Buffer.concat(records.map(encodeRecord)));
    }
    await this.#lastWrite;
  }

  async #writeAfter(last: Promise<void>, bytes: Buffer): Promise<void> {
    await last;
    await this.#file.appendFile(bytes);
    await this.#file.datasync();
  }
}

function encodeRecord([name, generation]: readonly [string, number]): Buffer {
  const record = Buffer.alloc(RECORD_LENGTH);
  record.set(fromHex(name));
  record.writeUInt32BE(generation, 32);
  record.writeUInt32BE(crc32(record.subarray(0, 36)), 36);
  return record;
}

function parseRecords(path: string, content: Buffer): Map<string, number> {
  const generations = new Map<string, number>();
  for (let start = 0; start + RECORD_LENGTH <= content.length; start += RECORD_LENGTH) {
    const record = content.subarray(start, start + RECORD_LENGTH);
    if (crc32(record.subarray(0, 36)) !== record.readUInt32BE(36)) {
      // Several records are appended at once: a crash may have left the last of them in any state.
      if (isTail(content.subarray(start))) break;
      throw new PrincipalError('DATA_CORRUPT', `${path}: the record at byte ${start} is damaged`);
    }
    generations.set(toHex(record.subarray(0, 32)), record.readUInt32BE(32));
  }
  return generations;
}

/** Whether no sound record follows. */
function isTail(rest: Buffer): boolean {
  for (let start = RECORD_LENGTH; start + RECORD_LENGTH <= rest.length; start += RECORD_LENGTH) {
    const record = rest.subarray(start, start + RECORD_LENGTH);
    if (crc32(record.subarray(0, 36)) === record.readUInt32BE(36)) return false;
  }
  return true;
}
