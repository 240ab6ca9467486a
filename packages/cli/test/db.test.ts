import { connect } from '@enigma-worker/client';
import { toHex } from '@enigma-worker/crypto';
import type { LocalNetwork } from '@enigma-worker/local';
import { callContract, createClient } from '@enigma-worker/sdk';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enigma, enigmaJson, serveForTest, temporaryFolder } from './support/enigma.js';
import { deployMillionaires, startNetwork } from './support/world.js';

const { path: folder, remove } = temporaryFolder();
const at = (...names: string[]): string => join(folder, ...names);
const core = at('core');
let network: LocalNetwork;
let address: string;

beforeAll(async () => {
  network = await startNetwork(folder);
  address = await deployMillionaires(network, 4);
});

afterAll(async () => {
  await network.close();
  remove();
});

function db(...args: string[]) {
  return enigma(['db', ...args]);
}

describe('enigma db, while the core runs', () => {
  it('counts and verifies', async () => {
    const [stats, verified] = await Promise.all([
      enigmaJson<object>(['db', 'stats', '--data-dir', core]),
      db('verify', '--data-dir', core),
    ]);
    expect(stats).toMatchObject({ contracts: 1, deltas: 5, stateKeys: 1, behind: 0, withGaps: 0 });
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toMatch(/^sound: 1 contracts, 5 deltas .*; sealed data of 1 contracts opened\n$/);
  });

  it('backs up what can be verified, and starts as a core again, into empty folders alone', async () => {
    const backup = at('backup');
    expect((await db('backup', '--data-dir', core, backup)).stdout).toMatch(
      /^backed up .*\nthe sealing key .*sealing\.key is not in it/,
    );
    const [again, verified, running, restored] = await Promise.all([
      db('backup', '--data-dir', core, backup),
      db('verify', '--data-dir', backup),
      db('restore', '--data-dir', core, backup),
      db('restore', '--data-dir', at('restored'), backup),
    ]);
    expect(again).toMatchObject({ code: 1, stderr: `${backup} is not empty\n` });
    expect(verified.code).toBe(0);
    expect(verified.stderr).toContain('sealed data is not looked into');
    expect(running).toMatchObject({ code: 1 });
    expect(running.stderr).toMatch(/^another core has the data folder .* open\n$/);
    expect(restored.code).toBe(0);
    copyFileSync(join(core, 'sealing.key'), at('restored', 'sealing.key'));
    const server = await serveForTest(['core', '--data-dir', at('restored'), '--port', '0']);
    expect(server.started).toMatchObject({ signingAddress: toHex(network.signingAddress) });
    await server.stop();
    const twice = await db('restore', '--data-dir', at('restored'), backup);
    expect(twice).toMatchObject({ code: 1, stderr: `${at('restored', 'store')} has a store already\n` });
  });

  it('carries a contract to another core', async () => {
    const file = at('contract.enigma');
    expect((await db('export', '--data-dir', core, address, '--output', file)).code).toBe(0);
    const imported = ['db', 'import', '--data-dir', at('other'), file];
    expect(await enigmaJson(imported)).toEqual({ address, deltas: 5, refused: [], bytecodeRefused: false });
    const cut = at('cut.enigma');
    writeFileSync(cut, readFileSync(file).subarray(0, -20));
    const text = at('text');
    writeFileSync(text, 'no contract');
    const [locked, broken, foreign, missing, unknown, unknownToPipe, misspelt] = await Promise.all([
      db('import', '--data-dir', core, file),
      db('import', '--data-dir', at('third'), cut),
      db('import', '--data-dir', at('fifth'), text),
      db('import', '--data-dir', at('fourth'), at('none')),
      db('export', '--data-dir', core, '00'.repeat(32), '--output', at('nothing')),
      db('export', '--data-dir', core, '00'.repeat(32)),
      db('export', '--data-dir', core, 'abc'),
    ]);
    expect(locked.stderr).toMatch(/^another core has the data folder/);
    expect(broken).toMatchObject({
      code: 1,
      stderr: 'this is no sound export of a contract: it is cut short\n',
    });
    expect(foreign).toMatchObject({
      code: 1,
      stderr: 'this is no sound export of a contract: it is cut short\n',
    });
    // An empty store would keep a restore from the folder.
    expect(existsSync(at('fifth'))).toBe(false);
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.stderr).toMatch(/none: ENOENT/);
    for (const { code, stderr } of [unknown, unknownToPipe])
      expect([code, stderr]).toEqual([1, `contract ${'00'.repeat(32)} is not known\n`]);
    expect(existsSync(at('nothing'))).toBe(false);
    expect(misspelt).toMatchObject({ code: 2, stderr: 'contract: expected 64 hex digits, got "abc"\n' });
  });
});

describe('enigma db, on what is damaged or not there', () => {
  it('names every problem that verify finds', async () => {
    const copy = at('damaged');
    await db('backup', '--data-dir', core, copy);
    writeFileSync(join(copy, 'sealing.key'), readFileSync(join(core, 'sealing.key')), { mode: 0o600 });
    const file = join(copy, 'store', 'data.mdb');
    const bytes = readFileSync(file);
    const tip = await tipOf(address);
    const place = bytes.indexOf(Buffer.from(tip));
    bytes[place + 40]! ^= 1;
    writeFileSync(file, bytes);
    const { code, stdout } = await db('verify', '--data-dir', copy);
    expect(code).toBe(1);
    expect(stdout).toContain(`✗ contract ${address}, delta 4: is damaged\n`);
    expect(stdout).toMatch(/2 problems in 1 contracts/);
  });

  it('refuses a folder without a store, and a truncated one', async () => {
    const cut = at('truncated');
    await db('backup', '--data-dir', core, cut);
    const file = join(cut, 'store', 'data.mdb');
    writeFileSync(file, readFileSync(file).subarray(0, 9000));
    const [none, unverified, truncated] = await Promise.all([
      db('stats', '--data-dir', at('empty')),
      db('verify', '--data-dir', at('empty'), '--without-keys'),
      db('verify', '--data-dir', cut, '--json'),
    ]);
    for (const ran of [none, unverified])
      expect(ran).toMatchObject({ code: 1, stderr: `${at('empty', 'store')} holds no store\n` });
    expect(truncated.code).toBe(1);
    expect(truncated.stdout + truncated.stderr).toMatch(/damaged|truncated|beyond the end/);
    expect(truncated.stderr).not.toMatch(/\n\s+at /);
  });
});

describe('a contract whose state is damaged', () => {
  it('is exported, removed and imported, and its state is built again', async () => {
    const file = at('mend.enigma');
    expect((await db('export', '--data-dir', core, address, '--output', file)).code).toBe(0);
    const client = connect(network.endpoint);
    await client.removeContract({ address: Buffer.from(address, 'hex') });
    await client.close();
    await network.close();
    expect((await db('import', '--data-dir', core, file)).code).toBe(0);
    network = await startNetwork(folder);
    const sdk = createClient({ transport: await network.transport() });
    const richest = await callContract(sdk, { address, function: 'computeRichest()', returns: 'bytes32' });
    await sdk.close();
    expect(richest.values).toEqual([`0x${'3'.padStart(64, '0')}`]);
    expect((await db('verify', '--data-dir', core)).code).toBe(0);
  });
});

async function tipOf(contract: string): Promise<Uint8Array> {
  const client = connect(network.endpoint);
  try {
    const { data } = await client.getTip({ input: Buffer.from(contract, 'hex') });
    return data;
  } finally {
    await client.close();
  }
}
