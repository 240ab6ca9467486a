import { connect } from '@enigma-worker/client';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  enigma,
  enigmaJson,
  flags,
  MILLIONAIRES,
  serve,
  type Server,
  temporaryFolder,
} from './support/enigma.js';

const { path: folder, remove } = temporaryFolder();
const ALICE = toHex(Buffer.from('Alice'.padEnd(32, '\0')));
const address = toHex(randomBytes(32));
let principal: Server;
let core: Server;
let gateway: Server;

beforeAll(async () => {
  principal = await serve(['principal', '--data-dir', join(folder, 'principal'), '--listen', '127.0.0.1:0']);
  core = await serve([
    'core',
    ...flags({ dataDir: join(folder, 'core'), bind: `ipc://${join(folder, 'core.ipc')}` }),
    ...flags({ principalAddress: String(principal.started['address']) }),
  ]);
  gateway = await serve(['gateway', '--listen', '127.0.0.1:0', '--endpoint', endpoint()]);
});

afterAll(async () => {
  for (const server of [gateway, core, principal]) expect(await server.stop()).toBe(0);
  remove();
});

/** A port where nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function endpoint(): string {
  return String(core.started['endpoint']);
}

function worker(): readonly string[] {
  return ['--endpoint', endpoint(), '--worker', String(core.started['signingAddress'])];
}

describe('a dapp from the command line', () => {
  it('tells of each attempt to reach a principal, and tries no address that is none', async () => {
    const free = await freePort();
    const dead = ['--principal', `http://127.0.0.1:${free}`, '--retries', '1', '--endpoint', endpoint()];
    const commands = [
      ['deploy', MILLIONAIRES],
      ['keys', 'sync'],
      ['attest', 'register'],
    ];
    for (const { code, stderr } of await Promise.all(
      commands.map((command) => enigma([...command, ...dead])),
    )) {
      expect(code).toBe(1);
      expect(stderr).toMatch(/^attempt 1: principal http:.*; trying again\nprincipal http:[^\n]*\n$/);
    }
    const none = ['--principal', '127.0.0.1:3040', '--endpoint', endpoint()];
    for (const { code, stderr } of await Promise.all(
      commands.map((command) => enigma([...command, ...none])),
    )) {
      expect(code).toBe(2);
      expect(stderr).toMatch(/argument '127.0.0.1:3040' is invalid. expected http:\/\/host:port or https/);
    }
    const url = String(principal.started['url']);
    const open = await enigma(['attest', 'register', ...flags({ endpoint: endpoint(), principal: url })]);
    expect(open).toMatchObject({ code: 1, stderr: expect.stringMatching(/does not admit workers by their/) });
  });

  it('tells of a worker that is not there, long before it gives up', async () => {
    const dead = `tcp://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await enigma(['call', address, 'f()', '--endpoint', dead, '--timeout', '4000']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^no answer from tcp:\S+ yet: waiting for it, 4 seconds at most\n.*nobody is there/,
    );
  });

  it('fetches state keys, deploys and calls', async () => {
    const url = String(principal.started['url']);
    const sync = await enigma([
      'keys',
      'sync',
      '--principal',
      url,
      '--endpoint',
      endpoint(),
      '--address',
      address,
    ]);
    expect(sync).toMatchObject({ code: 0, stdout: 'synced 1 state keys\n' });

    const deployed = await enigmaJson<{ address: string; usedGas: string; delta: string }>([
      'deploy',
      MILLIONAIRES,
      ...flags({ address }),
      ...worker(),
    ]);
    expect(deployed.address).toBe(address);
    expect(BigInt(deployed.usedGas)).toBeGreaterThan(0n);

    const add = await enigma([
      'call',
      address,
      'addMillionaire(bytes32,uint256)',
      ALICE,
      '3500000',
      ...worker(),
    ]);
    expect(add.code).toBe(0);
    expect(add.stdout).toMatch(/\(no result\)[^]*delta 1: \d+ bytes, encrypted[^]*verified/);
    expect(core.log()).not.toContain(ALICE);
  });

  it('calls through a gateway as well', async () => {
    const url = String(gateway.started['url']);
    const { values } = await enigmaJson<{ values: string[] }>([
      'call',
      address,
      'computeRichest()',
      ...flags({ returns: 'bytes32', endpoint: url }),
    ]);
    expect(values).toEqual([`0x${ALICE}`]);
  });

  it('is told what is wrong, without a stack', async () => {
    const call = (...args: string[]) => enigma(['call', address, ...args, ...worker()]);
    const [arity, value, unknown, failing, stranger, nobody] = await Promise.all([
      call('addMillionaire(bytes32,uint256)', ALICE),
      call('addMillionaire(bytes32,uint256)', ALICE, 'much'),
      enigma(['call', '00'.repeat(32), 'f()', ...worker()]),
      call('noSuchFunction()'),
      enigma(['call', address, 'computeRichest()', '--endpoint', endpoint(), '--worker', '00'.repeat(20)]),
      enigma(['call', address, 'f()', '--endpoint', 'tcp://127.0.0.1:1', '--timeout', '300']),
    ]);
    expect(arity).toMatchObject({ code: 2, stderr: 'expected 2 arguments (bytes32, uint256), got 1\n' });
    expect(value).toMatchObject({ code: 2, stderr: 'uint256: expected an integer, got "much"\n' });
    for (const each of [unknown, failing, stranger, nobody]) {
      expect(each.code).toBe(1);
      expect(each.stderr).toMatch(/^[^\n]+\n$/);
    }
  });

  it('is told by the exit code that the call itself is wrong, and nothing was sent', async () => {
    const nobody = ['--endpoint', 'tcp://127.0.0.1:1', '--timeout', '300'];
    const calls = await Promise.all([
      enigma(['call', address, 'f(uint25)', '1', ...nobody]),
      enigma(['call', address, 'f', ...nobody]),
      enigma(['call', address, 'f()', '--returns', 'uint25', ...nobody]),
      enigma(['call', 'abc', 'f()', ...worker()]),
      enigma(['deploy', MILLIONAIRES, ...flags({ address: 'abc' }), ...worker()]),
    ]);
    for (const { code, stderr } of calls) expect([code, stderr]).toEqual([2, expect.stringMatching(/: exp/)]);
  });

  it('carries keys to no other worker than was named', async () => {
    const url = String(principal.started['url']);
    const sync = ['keys', 'sync', ...flags({ principal: url, endpoint: endpoint(), address })];
    expect((await enigma([...sync, ...worker()])).code).toBe(0);
    expect(await enigma([...sync, '--worker', '00'.repeat(20)])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is another worker than 0000/),
    });
  });

  it('is told of keys that do not open what the core has', async () => {
    const other = randomBytes(32);
    const client = connect(endpoint());
    await client.updateDeltas({ deltas: [{ address: other, key: 0, data: randomBytes(100) }] });
    await client.close();
    const url = String(principal.started['url']);
    const sync = ['keys', 'sync', ...flags({ principal: url, endpoint: endpoint(), address: toHex(other) })];
    const { code, stderr } = await enigma(sync);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^the keys arrived, but .* or their state stands under another key:\n {2}[0-9a-f]{64}\n$/,
    );
  });

  it('says in the help of commands for a core that they take no gateway, and each default once', async () => {
    const commands = [['gateway'], ['keys', 'sync'], ['attest', 'show'], ['attest', 'register']];
    for (const { stdout } of await Promise.all(commands.map((command) => enigma([...command, '--help'])))) {
      expect(stdout).not.toMatch(/of a\s+gateway/);
      expect(stdout).not.toMatch(/\(default: 10\)\s+\(default/);
    }
  });
});
