import { once } from 'node:events';
import { createReadStream, createWriteStream, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fromHex, toHex } from '@enigma-worker/crypto';
import type { ImportReport } from '@enigma-worker/core/tools';
import type { Command } from 'commander';
import { settingsFrom } from '../config/from-command.js';
import { CommandError, UsageError } from '../errors.js';
import { reasonOf } from '../files.js';
import { count } from '../output/amounts.js';
import { withProgress } from '../output/progress.js';
import { style, toJson } from '../output/style.js';
import { folderCommand, folderSettings, storeOf } from './db-settings.js';

/** `enigma db export CONTRACT`. */
export function exportCommand(): Command {
  const command = folderCommand('export', 'write bytecode and deltas of a contract as a stream')
    .argument('<contract>', 'its address: 64 hex digits')
    .option('--output <file>', 'where to; standard output when absent');
  return command.action(async (contract: string, { output, json }: { output?: string; json?: boolean }) => {
    const { dataDir } = await settingsFrom(command, 'core', folderSettings);
    if (!/^(0x)?[0-9a-fA-F]{64}$/.test(contract))
      throw new UsageError(`contract: expected 64 hex digits, got ${JSON.stringify(contract.slice(0, 80))}`);
    if (output === undefined && process.stdout.isTTY)
      throw new UsageError('the stream is no text: name a file with --output, or pipe it on');
    const { exportContract } = await import('@enigma-worker/core/tools');
    await withProgress('exporting', async (progress) => {
      const stream = exportContract(storeOf(dataDir), fromHex(contract), progress);
      if (output === undefined) await writeToStandardOutput(stream);
      else await writeWhole(output, stream);
    });
    if (output !== undefined)
      console.log(json === true ? toJson({ contract, output }) : `${style.good('exported')} to ${output}`);
  });
}

/** `enigma db import [FILE]`. */
export function importCommand(): Command {
  const command = folderCommand(
    'import',
    'store what `enigma db export` wrote; its state is built once the core has its state key',
  ).argument('[file]', 'the stream; standard input when absent');
  return command.action(async (file: string | undefined, { json }: { json?: boolean }) => {
    const { dataDir } = await settingsFrom(command, 'core', folderSettings);
    const { importContract, StoreOnDemand } = await import('@enigma-worker/core/tools');
    const source = file === undefined ? process.stdin : await openFile(file);
    await using store = new StoreOnDemand(storeOf(dataDir));
    const report = await withProgress('importing', (progress) => importContract(store, source, progress));
    console.log(json === true ? toJson(report) : describe(report));
    if (report.refused.length > 0 || report.bytecodeRefused) process.exitCode = 1;
  });
}

function describe({ address, deltas, refused, bytecodeRefused }: ImportReport): string {
  return [
    `${style.good('imported')} ${count(deltas)} deltas of contract ${toHex(address)}`,
    ...(bytecodeRefused ? [style.bad('its bytecode was refused: the contract has another')] : []),
    ...(refused.length === 0
      ? []
      : [style.bad(`${count(refused.length)} deltas refused, others have their place: ${firstOf(refused)}`)]),
  ].join('\n');
}

/** Not by `pipeline`: when the stream fails, that ends standard output with the error, which nobody would then read. */
async function writeToStandardOutput(stream: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of stream) {
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
  }
}

/** Writes a stream to a file that appears only once all of it is on the disk. */
async function writeWhole(path: string, stream: AsyncIterable<Uint8Array>): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await pipeline(Readable.from(stream), createWriteStream(partial, { mode: 0o600, flush: true }));
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

async function openFile(path: string): Promise<AsyncIterable<Uint8Array>> {
  const stream = createReadStream(path);
  try {
    await new Promise((resolve, reject) => stream.once('open', resolve).once('error', reject));
  } catch (error) {
    throw new CommandError(`${path}: ${reasonOf(error)}`);
  }
  return stream as AsyncIterable<Uint8Array>;
}

function firstOf(indices: readonly number[]): string {
  return indices.slice(0, 10).join(', ') + (indices.length > 10 ? ', …' : '');
}
