import { basename, dirname } from 'node:path';
import { equalBytes } from '@enigma-worker/crypto';
import type { KernelFiles } from '#enclave/attestation/kernel-files.js';

/** What can go wrong in the fake kernel, each once for each entry. */
export interface Faults {
  /** Error codes of the next readings of `outblob` or `quote`. */
  readonly readErrors?: string[];
  /** Error codes of the next folders made. */
  readonly folderErrors?: string[];
  /** How many writes to `inblob` are dropped without a word, as the kernel does when it refuses them. */
  dropWrites?: number;
  /** How many times somebody else writes between our write and our reading. */
  otherWriters?: number;
  /** Makes reading the report wait for ever. */
  readonly hang?: boolean;
}

/** A TDX quote (version 4) with this report data, as far as the worker looks at it. */
export function tdxQuote(reportData: Uint8Array): Uint8Array {
  const quote = new Uint8Array(1000);
  quote[0] = 4;
  quote.set(reportData, 48 + 520);
  return quote;
}

/** An SEV-SNP report with this report data. */
export function sevSnpReport(reportData: Uint8Array): Uint8Array {
  const report = new Uint8Array(1184);
  report[0] = 2;
  report.set(reportData, 80);
  return report;
}

/** An SGX quote (version 3) with this report data. */
export function sgxQuote(reportData: Uint8Array): Uint8Array {
  const quote = new Uint8Array(1000);
  quote[0] = 3;
  quote.set(reportData, 48 + 320);
  return quote;
}

interface Instance {
  inblob: Uint8Array;
  generation: number;
  readGeneration: number;
}

/**
 * Linux configfs-tsm as its documentation and source describe it: a folder for each requester, made with
 * its files in it and removed with them; `generation` counts accepted writes; a report is made when it is
 * read; refused writes are silent; more than 64 bytes are EFBIG; without a provider, ENXIO.
 */
export class FakeTsm implements KernelFiles {
  readonly folders = new Map<string, Instance>();
  readonly provider: string | undefined;
  readonly root: string;
  readonly auxblob: Uint8Array | undefined;
  readonly faults: Faults;
  /** Everything that was removed. */
  removed = 0;

  constructor(root: string, provider: string | undefined, faults: Faults = {}, auxblob?: Uint8Array) {
    this.root = root;
    this.provider = provider;
    this.faults = faults;
    this.auxblob = auxblob;
  }

  async makeFolder(path: string): Promise<void> {
    await Promise.resolve();
    const fault = this.faults.folderErrors?.shift();
    if (fault !== undefined) throw errno(fault);
    if (dirname(path) !== this.root) throw errno('ENOENT');
    if (this.folders.has(path)) throw errno('EEXIST');
    if (this.provider === undefined) throw errno('ENXIO');
    this.folders.set(path, { inblob: new Uint8Array(), generation: 0, readGeneration: 0 });
  }

  async removeFolder(path: string): Promise<void> {
    await Promise.resolve();
    if (!this.folders.delete(path)) throw errno('ENOENT');
    this.removed++;
  }

  async write(path: string, content: Uint8Array): Promise<void> {
    await Promise.resolve();
    const instance = this.#instance(path);
    if (basename(path) !== 'inblob') throw errno('EACCES');
    if (content.length > 64) throw errno('EFBIG');
    if (takeOne(this.faults, 'dropWrites')) return;
    instance.inblob = content.slice();
    instance.generation++;
    if (takeOne(this.faults, 'otherWriters')) {
      instance.inblob = new Uint8Array(64).fill(0xee);
      instance.generation++;
    }
  }

  async read(path: string, limit: number): Promise<Uint8Array> {
    const content = await this.#content(path);
    if (content.length > limit) throw new RangeError(`longer than ${limit} bytes`);
    return content;
  }

  async #content(path: string): Promise<Uint8Array> {
    const instance = this.#instance(path);
    switch (basename(path)) {
      case 'provider':
        return text(`${this.provider!}\n`);
      case 'generation':
        return text(`${instance.generation}\n`);
      case 'auxblob':
        if (this.auxblob === undefined) throw errno('ENOENT');
        return this.auxblob;
      case 'outblob': {
        if (this.faults.hang === true) await new Promise(() => undefined);
        const fault = this.faults.readErrors?.shift();
        if (fault !== undefined) throw errno(fault);
        if (instance.inblob.length === 0) throw errno('EINVAL');
        instance.readGeneration = instance.generation;
        return this.provider === 'tdx_guest' ? tdxQuote(instance.inblob) : sevSnpReport(instance.inblob);
      }
      default:
        throw errno('ENOENT');
    }
  }

  #instance(path: string): Instance {
    const instance = this.folders.get(dirname(path));
    if (instance === undefined) throw errno('ENOENT');
    return instance;
  }
}

/** Gramine's `/dev/attestation`: one report data for the whole enclave, a quote over it at each reading. */
export class FakeGramine implements KernelFiles {
  readonly type: string | undefined;
  readonly faults: Faults;
  quoteLength = 1000;
  #reportData = new Uint8Array(64);
  /** How often a quote was made. */
  quotes = 0;

  constructor(type: string | undefined, faults: Faults = {}) {
    this.type = type;
    this.faults = faults;
  }

  makeFolder(): Promise<void> {
    return Promise.reject(errno('EACCES'));
  }

  removeFolder(): Promise<void> {
    return Promise.reject(errno('EACCES'));
  }

  async write(path: string, content: Uint8Array): Promise<void> {
    await Promise.resolve();
    if (this.type === undefined) throw errno('ENOENT');
    if (basename(path) !== 'user_report_data') throw errno('EACCES');
    if (content.length > 64) throw errno('EINVAL');
    this.#reportData = content.slice();
  }

  async read(path: string, limit: number): Promise<Uint8Array> {
    // Gives way, so that requests which are not kept apart would mix.
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (this.type === undefined) throw errno('ENOENT');
    if (basename(path) === 'attestation_type') return text(this.type);
    const fault = this.faults.readErrors?.shift();
    if (fault !== undefined) throw errno(fault);
    this.quotes++;
    const quote = new Uint8Array(this.quoteLength);
    quote.set(sgxQuote(this.#reportData).subarray(0, this.quoteLength));
    if (quote.length > limit) throw new RangeError(`longer than ${limit} bytes`);
    return quote;
  }
}

/** Whether a quote of the fakes holds this report data. */
export function holds(quote: Uint8Array, reportData: Uint8Array, offset: number): boolean {
  return equalBytes(quote.subarray(offset, offset + 64), reportData);
}

function takeOne(faults: Faults, name: 'dropWrites' | 'otherWriters'): boolean {
  const left = faults[name] ?? 0;
  if (left > 0) faults[name] = left - 1;
  return left > 0;
}

function errno(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}
