import { readFileSync } from 'node:fs';
import { generateKeyPair, open, seal, sharedKey, toHex, utf8 } from '@enigma-worker/crypto';
import { type Dialect, parseExchangeRequest } from '@enigma-worker/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RawPeer, WireReply } from './harness/raw.js';
import { compute, newAddress } from './harness/user.js';
import { wireReply } from './harness/wire.js';
import { World } from './harness/world.js';

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world[Symbol.asyncDispose]());

const ints = (bytes: Uint8Array): number[] => [...bytes];
const bytes = (hex: unknown): Uint8Array => Buffer.from(String(hex), 'hex');

/** A peer that speaks JSON and nothing else, and expects every reply to have the form its dialect prescribes. */
class Conversation {
  readonly #peer: RawPeer;
  readonly #dialect: Dialect;

  constructor(peer: RawPeer, dialect: Dialect) {
    this.#peer = peer;
    this.#dialect = dialect;
  }

  async ask(message: { type: string } & Record<string, unknown>, reply = message.type): Promise<WireReply> {
    const answer = await this.#peer.send({ id: 'an id', ...message });
    expect(answer).toEqual(wireReply(reply as 'GetTip', 'an id', this.#dialect));
    return answer;
  }

  async refused(message: { type: string } & Record<string, unknown>): Promise<string> {
    const answer = await this.#peer.send({ id: 'an id', ...message });
    const type = this.#dialect === 'seed' ? message.type : 'Error';
    expect(answer).toEqual({ id: 'an id', type, msg: expect.stringMatching(/./) });
    return String(answer['msg']);
  }

  /** What a task's input holds, encrypted under a key fetched for it. */
  async taskInput(address: Uint8Array, fn: string, args: Uint8Array, gasLimit: unknown = 10_000_000) {
    const user = generateKeyPair();
    const reply = await this.ask({ type: 'NewTaskEncryptionKey', userPubKey: toHex(user.publicKey) });
    const ioKey = sharedKey(user.privateKey, bytes(reply.result?.['workerEncryptionKey']));
    const input = {
      encryptedFn: toHex(seal(ioKey, utf8(fn))),
      encryptedArgs: toHex(seal(ioKey, args)),
      userDHKey: toHex(user.publicKey),
      contractAddress: toHex(address),
      gasLimit,
    };
    return { ioKey, input };
  }
}

describe.each(['seed', 'v0.3'] as const)('every message in the dialect %s', (dialect) => {
  it('is answered as its schema says', async () => {
    const worker = await world.worker({ dialect });
    const peer = new Conversation(world.peer(worker.endpoint), dialect);
    const [address, foreign, deployedElsewhere] = [newAddress(), newAddress(), newAddress()];
    const { ownMemory } = await world.contracts();

    const { result: registration } = await peer.ask({ type: 'GetRegistrationParams' });
    expect(registration?.['signingKey']).toBe(toHex(worker.signingAddress));
    expect((await peer.ask({ type: 'GetAllAddrs' })).result).toEqual({ addresses: [] });
    expect((await peer.ask({ type: 'GetAllTips' })).result).toEqual({ tips: [] });

    const request = await peer.ask({ type: 'GetPTTRequest', addresses: [toHex(address)] });
    const asked = parseExchangeRequest(bytes(request.result?.['request']));
    expect(asked.age).toBe(dialect === 'seed' ? 'seed' : 'current');
    expect(asked.addresses).toEqual(dialect === 'seed' ? [address] : undefined);
    if (dialect === 'v0.3') await peer.ask({ type: 'GetPTTRequest', addresses: ['zz'] });
    const answer = world.principal.answer(
      bytes(request.result?.['request']),
      bytes(request.result?.['workerSig']),
      [address],
    );
    expect(toHex(answer.worker)).toBe(registration?.['signingKey']);
    const response = { response: toHex(answer.response), sig: toHex(answer.sig) };
    const exchanged = dialect === 'seed' ? response : { input: response };
    expect((await peer.ask({ type: 'PTTResponse', ...exchanged })).result).toEqual({ errors: [] });
    expect(await peer.refused({ type: 'PTTResponse', ...exchanged })).toContain('KeysError');

    const deployment = await peer.taskInput(address, 'construct()', new Uint8Array());
    const preCode = dialect === 'seed' ? toHex(ownMemory) : ints(ownMemory);
    const deployed = await peer.ask({
      type: 'DeploySecretContract',
      input: { ...deployment.input, preCode },
    });
    const again = await peer.taskInput(address, 'construct()', new Uint8Array());
    await peer.refused({ type: 'DeploySecretContract', input: { ...again.input, preCode } });

    const echo = await peer.taskInput(address, 'echo(string)', utf8('twice'), '10000000');
    const echoed = await peer.ask({ type: 'ComputeTask', input: { taskID: 'any', ...echo.input } });
    expect(Buffer.from(open(echo.ioKey, bytes(echoed.result?.['output']))).toString()).toBe('twice');
    expect(echoed.result?.['delta']).toEqual({ key: 0 });
    const guess = await peer.taskInput(address, 'set(uint256)', utf8('41'));
    const estimate = (await peer.ask({ type: 'EstimateTask', input: guess.input })).result;
    const set = await peer.taskInput(address, 'set(uint256)', utf8('42'));
    const done = (await peer.ask({ type: 'ComputeTask', input: set.input })).result;
    expect(estimate).toMatchObject({ status: 0, usedGas: done?.['usedGas'] });
    const changed = done?.['delta'] as Delta;
    expect(changed.key).toBe(1);
    const trap = await peer.taskInput(address, 'trap()', new Uint8Array());
    await peer.ask({ type: 'ComputeTask', input: trap.input }, 'FailedTask');
    expect(await peer.refused({ type: 'ComputeTask', input: trap.input })).toContain('KeysError');

    const input = toHex(address);
    const first = deployed.result?.['delta'] as Delta;
    expect((await peer.ask({ type: 'GetTip', input })).result).toEqual(changed);
    const tips = { tips: [{ address: input, ...changed }] };
    expect((await peer.ask({ type: 'GetTips', input: [input] })).result).toEqual(tips);
    expect((await peer.ask({ type: 'GetAllTips' })).result).toEqual(tips);
    expect((await peer.ask({ type: 'GetAllAddrs' })).result).toEqual({ addresses: [input] });
    const delta = dialect === 'seed' ? first.data : toHex(Uint8Array.from(first.data));
    expect((await peer.ask({ type: 'GetDelta', input: { address: input, key: 0 } })).result).toEqual({
      delta,
    });
    expect((await peer.ask({ type: 'GetDelta', input: [{ address: input, key: 0 }] })).result).toEqual({
      delta,
    });
    const range = await peer.ask({ type: 'GetDeltas', input: [{ address: input, from: 0, to: 2 }] });
    expect(range.result?.['deltas']).toEqual([first, changed].map((each) => ({ address: input, ...each })));
    expect(
      (await peer.ask({ type: 'GetDeltas', input: [{ address: input, from: 1, to: 1 }] })).result,
    ).toEqual({
      deltas: [],
    });
    const exeCode = ints(bytes(deployed.result?.['output']));
    expect((await peer.ask({ type: 'GetContract', input })).result).toEqual({
      address: input,
      bytecode: exeCode,
    });
    expect((await peer.ask({ type: 'GetContract', input: toHex(foreign) })).result).toMatchObject({
      bytecode: [],
    });

    const other = toHex(foreign);
    const update = { type: 'UpdateNewContract', address: `0x${other.toUpperCase()}`, bytecode: [1, 2, 3] };
    expect(await peer.ask(update)).toMatchObject({ address: other, result: { status: 0 } });
    const deltas = [
      { address: other, key: 1, data: [9] },
      { address: other, key: 0, data: [8, 7] },
      { address: input, key: 1, data: [0] },
    ];
    expect((await peer.ask({ type: 'UpdateDeltas', deltas })).result).toEqual({
      status: -1,
      errors: [
        { address: other, key: 1, status: 0 },
        { address: other, key: 0, status: 0 },
        { address: input, key: 1, status: -1 },
      ],
    });
    expect(await peer.ask({ ...update, bytecode: [3, 2, 1] })).toMatchObject({ result: { status: -1 } });
    expect((await peer.ask({ type: 'GetTip', input })).result).toEqual(changed);
    expect((await peer.ask({ type: 'GetTip', input: other })).result).toEqual({ key: 1, data: [9] });

    const elsewhere = toHex(deployedElsewhere);
    const onDeployment = { address: elsewhere, bytecode: '00ff', delta: { key: 0, data: [1] } };
    expect(await peer.ask({ type: 'UpdateNewContractOnDeployment', ...onDeployment })).toMatchObject({
      address: elsewhere,
      result: { status: 0 },
    });
    expect((await peer.ask({ type: 'GetTip', input: elsewhere })).result).toEqual({ key: 0, data: [1] });
    await peer.ask({ type: 'RemoveDeltas', input: [{ address: other, from: 1, to: 2 }] });
    expect((await peer.ask({ type: 'GetTip', input: other })).result).toEqual({ key: 0, data: [8, 7] });
    const last = [{ address: other, from: 2 ** 32 - 1, to: 2 ** 32 }];
    const late = { address: other, key: 2 ** 32 - 1, data: [5] };
    await peer.ask({ type: 'UpdateDeltas', deltas: [late] });
    expect((await peer.ask({ type: 'GetDeltas', input: last })).result).toEqual({ deltas: [late] });
    await peer.ask({ type: 'RemoveDeltas', input: last });
    expect((await peer.ask({ type: 'GetTip', input: other })).result).toEqual({ key: 0, data: [8, 7] });
    await peer.ask({ type: 'RemoveContract', address: elsewhere });
    await peer.ask({ type: 'RemoveContract', address: elsewhere });
    const missing = (what: string, at: string): string =>
      `Error while trying to ${what}, Because: The following Key doesn't exist: ${at}`;
    expect(await peer.refused({ type: 'GetTip', input: elsewhere })).toBe(missing('get_tip', elsewhere));
    expect(await peer.refused({ type: 'GetTips', input: [input, elsewhere] })).toBe(
      missing('get_tip', elsewhere),
    );
    expect(await peer.refused({ type: 'GetDelta', input: { address: input, key: 2 } })).toBe(
      missing('get_delta', input),
    );
    expect(await peer.refused({ type: 'GetDeltas', input: [{ address: elsewhere, from: 0, to: 1 }] })).toBe(
      missing('get_deltas', elsewhere),
    );
    const call = await peer.taskInput(deployedElsewhere, 'get()', new Uint8Array());
    expect(await peer.refused({ type: 'ComputeTask', input: call.input })).toBe(
      missing('get_contract', elsewhere),
    );
  });

  it('answers with the id as it came', async () => {
    const { endpoint } = await world.worker({ dialect });
    const peer = world.peer(endpoint);
    for (const id of ['', 'a "quoted"  é', 7, -1, 2 ** 53 - 1]) {
      expect(await peer.send({ id, type: 'GetAllAddrs' })).toMatchObject({ id });
    }
    const [reply] = await peer.frames('{"id":18446744073709551616,"type":"GetAllAddrs"}');
    expect(String(reply)).toContain('"id":18446744073709551616,');
  });

  it('answers a key exchange of the current age', async () => {
    const { endpoint } = await world.worker({ dialect });
    const peer = new Conversation(world.peer(endpoint), dialect);
    const address = newAddress();
    const request = await peer.ask({ type: 'GetPTTRequest' });
    const message = bytes(request.result?.['request']);
    expect(parseExchangeRequest(message)).toMatchObject({ age: 'current' });
    expect(Buffer.from(message).includes('Enigma Message')).toBe(false);
    const { response } = world.principal.answer(message, bytes(request.result?.['workerSig']), [address]);
    expect((await peer.ask({ type: 'PTTResponse', response: toHex(response) })).result).toEqual({
      errors: [],
    });
  });

  it('answers a deployment with its address and key even when many parts come at once', async () => {
    const { endpoint } = await world.worker({ dialect });
    const peer = world.peer(endpoint);
    const address = toHex(newAddress());
    const parts = [
      { id: 'a', type: 'UpdateNewContract', address, bytecode: [1] },
      { id: 'b', type: 'UpdateDeltas', deltas: [{ address, key: 0, data: [5] }] },
      { id: 'c', type: 'GetTip', input: address },
      { id: 'd', type: 'Nonsense' },
    ];
    const replies = await peer.frames(...parts.map((part) => JSON.stringify(part)));
    expect(replies.map((reply) => (JSON.parse(String(reply)) as { id: string }).id)).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
    expect(JSON.parse(String(replies[2]))).toMatchObject({ result: { key: 0, data: [5] } });
    expect(JSON.parse(String(replies[3]))).toEqual({ id: 'd', type: 'Error', msg: expect.any(String) });
  });
});

interface Delta {
  key: number;
  data: number[];
}

describe('secrets', () => {
  it('never leaves a trace of arguments, outputs or state in what is stored', async () => {
    const dataDir = world.folder();
    const worker = await world.worker({ dataDir });
    const client = world.client(worker.endpoint);
    const address = await world.deployed(client);
    const marker = `"${'a secret that must stay one '.repeat(4)}"`;
    await compute(client, { address, fn: 'set(string)', args: utf8(marker) });
    const { output } = await compute(client, { address, fn: 'get()' });
    expect(Buffer.from(output).toString()).toBe(marker);
    await worker.close();
    const stored = readFileSync(`${dataDir}/store/data.mdb`);
    expect(stored.includes('a secret that must')).toBe(false);
    expect(stored.includes(Buffer.from(address))).toBe(true);
  });
});
