import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import { fetchStateKeys, silentLogger } from '@enigma-worker/principal';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  beginExchange,
  finishExchange,
  memorySealer,
  runPrincipal,
  temporaryFolder,
} from './support/principal.js';

/** The state keys that a principal gives for the contracts. */
async function keysOf(url: string, contracts: readonly Uint8Array[]): Promise<string[]> {
  const exchange = beginExchange('seed', contracts);
  const { data } = await fetchStateKeys(url, exchange, { retries: 0 });
  return finishExchange(exchange, data).map(({ key }) => toHex(key));
}

const newContracts = (count: number): Uint8Array[] => Array.from({ length: count }, () => randomBytes(32));

const healthOf = async (url: string): Promise<number> => (await fetch(`${url}/health`)).status;

/** A principal in a process of its own, which can write no file beyond 16 KiB. Returns its URL. */
async function runCramped(dataDir: string): Promise<string> {
  const script = `trap '' XFSZ; ulimit -f 16; exec "$0" --input-type=module -e "$1" "$2"`;
  const child = spawn('bash', ['-c', script, process.execPath, CRAMPED, dataDir], {
    cwd: new URL('..', import.meta.url),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return url;
}

const CRAMPED = `
  import { startPrincipal } from '@enigma-worker/principal';
  const plain = (_label, bytes) => bytes;
  const principal = await startPrincipal({
    dataDir: process.argv[1], sealer: { mode: 'test', seal: plain, open: plain }, port: 0,
  });
  console.log(principal.url);
`;

/** Makes every flush of a file fail until it is called off. */
async function failFlushes(): Promise<() => void> {
  const file = await open(import.meta.filename);
  const fail = vi
    .spyOn(Object.getPrototypeOf(file) as FileHandle, 'datasync')
    .mockRejectedValue(Object.assign(new Error('i/o error'), { code: 'EIO' }));
  await file.close();
  const callOff = (): void => fail.mockRestore();
  onTestFinished(callOff);
  return callOff;
}

describe('a principal whose disk is full', () => {
  test('refuses what finds no room there, and nothing else', async () => {
    const dataDir = await temporaryFolder();
    const url = await runCramped(dataDir);
    const known = newContracts(3);
    const keys = await keysOf(url, known);
    const tooMany = newContracts(1_000);
    await expect(keysOf(url, tooMany)).rejects.toMatchObject({ rpcCode: -32603 });
    expect((await stat(join(dataDir, 'contracts.log'))).size).toBe(3 * 40);
    expect(await keysOf(url, known)).toEqual(keys);
    expect(await keysOf(url, [])).toEqual([]);
    expect(await keysOf(url, tooMany.slice(0, 2))).toHaveLength(2);
    expect(await keysOf(url, newContracts(1))).toHaveLength(1);
    expect(await healthOf(url)).toBe(200);
    expect((await stat(join(dataDir, 'contracts.log'))).size).toBe(6 * 40);
  });

  test('answers each of many at a time by what became of its own', async () => {
    const dataDir = await temporaryFolder();
    const url = await runCramped(dataDir);
    const [shared] = newContracts(1);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => keysOf(url, [shared!, ...newContracts(n % 2 === 0 ? 1_000 : 5)])),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? 'rejected' : 'fulfilled')),
    );
    const content = await readFile(join(dataDir, 'contracts.log'));
    expect(content).toHaveLength((1 + 10 * 5) * 40);
  });
});

describe('a principal whose disk does not say what is on it', () => {
  test('is not healthy until it knows, and gives the keys of known contracts', async () => {
    const errors: string[] = [];
    const log = { ...silentLogger, error: (_: object, message: string) => void errors.push(message) };
    const dataDir = await temporaryFolder();
    const sealer = memorySealer();
    const principal = await runPrincipal({ dataDir, sealer, log });
    const { url } = principal;
    const known = newContracts(2);
    const keys = await keysOf(url, known);
    const callOff = await failFlushes();
    for (let n = 0; n < 2; n++) await expect(keysOf(url, newContracts(1))).rejects.toThrow(/-32603/);
    expect(await healthOf(url)).toBe(503);
    expect(errors.filter((text) => text.includes('cannot be cut off'))).toHaveLength(2);
    expect(await keysOf(url, known)).toEqual(keys);
    callOff();
    const late = newContracts(1);
    const lateKeys = await keysOf(url, late);
    expect(await healthOf(url)).toBe(200);
    await principal.close();
    expect(await readFile(join(dataDir, 'contracts.log'))).toHaveLength(3 * 40);
    const again = await runPrincipal({ dataDir, sealer });
    expect(await keysOf(again.url, [...known, ...late])).toEqual([...keys, ...lateKeys]);
  });

  test('finds out at the latest when it is closed', async () => {
    const dataDir = await temporaryFolder();
    const principal = await runPrincipal({ dataDir });
    const { url } = principal;
    await keysOf(url, newContracts(2));
    const callOff = await failFlushes();
    await expect(keysOf(url, newContracts(3))).rejects.toThrow(/-32603/);
    callOff();
    await principal.close();
    expect(await readFile(join(dataDir, 'contracts.log'))).toHaveLength(2 * 40);
  });
});
