import { type Client, ClientError } from '@enigma-worker/client';
import { openSealer, startWorker, type Worker, type WorkerOptions } from '@enigma-worker/core';
import {
  fromHex,
  generateKeyPair,
  randomBytes,
  seal,
  sharedKey,
  sign,
  toHex,
  utf8,
} from '@enigma-worker/crypto';
import { syncKeys } from '@enigma-worker/gateway';
import { fetchStateKeys, type Principal, startPrincipal } from '@enigma-worker/principal';
import {
  encodeExchangeResponse,
  encodeStateKeys,
  parseExchangeRequest,
  parseExchangeResponse,
} from '@enigma-worker/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostileRelay } from './harness/hostile-relay.js';
import { Secrets, traceLog } from './harness/secrets.js';
import { compute, deploy, newAddress, prepare } from './harness/user.js';
import { World } from './harness/world.js';

const once = { retries: 0 };

let world: World;
let secrets: Secrets;
let log: ReturnType<typeof traceLog>;

beforeEach(() => {
  world = new World();
  secrets = new Secrets();
  log = traceLog();
});
afterEach(() => world[Symbol.asyncDispose]());

async function core(options: Partial<WorkerOptions> = {}, dataDir = world.folder()): Promise<Worker> {
  const sealer = secrets.watch(await openSealer({ kind: 'simulation', dataDir }));
  const worker = await startWorker({ dataDir, port: 0, ...options }, { sealer, log: log.logger });
  world.onClose(() => worker.close());
  return worker;
}

/** A principal for the given workers, with a hostile relay before it. Its address is known before the cores start. */
async function principalFor(workers: readonly Uint8Array[], dataDir = world.folder()): Promise<Principal> {
  const sealer = secrets.watch(await openSealer({ kind: 'simulation', dataDir }));
  const principal = await startPrincipal({
    dataDir,
    sealer,
    port: 0,
    authorisation: { workers },
    log: log.logger,
  });
  world.onClose(() => principal.close());
  return principal;
}

/** Two cores that pin the principal, of which it admits the first, and everything between them in hostile hands. */
async function setUp(options: Partial<WorkerOptions> = {}) {
  const folders = { right: world.folder(), wrong: world.folder(), principal: world.folder() };
  // A first start of each makes its identity, so that they can be told of each other.
  const first = await principalFor([], folders.principal);
  await first.close();
  const principalAddress = first.address;
  const right = await core({ ...options, principalAddress }, folders.right);
  const wrong = await core({ ...options, principalAddress }, folders.wrong);
  const principal = await principalFor([right.signingAddress], folders.principal);
  const relay = await HostileRelay.start(principal.url);
  world.onClose(() => relay.close());
  return { folders, right, wrong, principal, relay };
}

/** What a core says to an answer. */
async function saysTo(client: Client, response: Uint8Array, sig?: Uint8Array): Promise<string> {
  return await client.pttResponse(sig === undefined ? { response } : { response, sig }).then(
    () => 'accepted',
    (error: unknown) => (error as ClientError).message,
  );
}

describe('two cores, a principal and a hostile relay', () => {
  it(
    'the right core works, the wrong one is refused, the relay learns nothing',
    { timeout: 120_000 },
    async () => {
      const { folders, right, wrong, relay } = await setUp();
      const [client, other] = [world.client(right.endpoint), world.client(wrong.endpoint)];
      const address = newAddress();
      const { ownMemory } = await world.contracts();

      const carry = { principal: relay.url, addresses: [address], ...once };
      expect(await syncKeys({ client, ...carry })).toEqual([]);
      await deploy(client, address, ownMemory);
      const plaintext = '"the fortune of Alice is 1000000 coins"';
      secrets.add(plaintext);
      const task = { address, fn: 'set(secretFunctionName)', args: utf8(plaintext) };
      secrets.add('set(secretFunctionName)');
      const written = await compute(client, task);
      secrets.add(written.task.ioKey);
      expect(Buffer.from((await compute(client, { address, fn: 'get()' })).output).toString()).toBe(
        plaintext,
      );

      await expect(syncKeys({ client: other, ...carry })).rejects.toMatchObject({
        code: 'NOT_AUTHORISED',
        rpcCode: -32001,
      });
      await other.updateNewContract({ address, ...(await client.getContract({ input: address })) });
      await other.updateDeltas(await client.getDeltas({ input: [{ address, from: 0, to: 10 }] }));
      await expect(compute(other, { address, fn: 'get()' })).rejects.toBeInstanceOf(ClientError);

      // Two signing keys, the principal's secrets, a state key, the plaintexts.
      expect(secrets.size).toBeGreaterThanOrEqual(6);
      expect(relay.seen.length).toBeGreaterThanOrEqual(4);
      expect(secrets.foundIn(relay.seen.join('\n'))).toEqual([]);

      // Nor does any log at trace level hold a secret, nor any file but the sealing keys of the simulation.
      expect(log.text()).toContain('worker started');
      expect(log.text()).toContain('state keys given out');
      expect(secrets.foundIn(log.text())).toEqual([]);
      for (const folder of Object.values(folders)) expect(secrets.foundInFolder(folder)).toEqual([]);
    },
  );

  it('the relay changes nothing: each of its attempts is refused, and the exchange still works', async () => {
    const { right, relay } = await setUp();
    const client = world.client(right.endpoint);
    const carry = { client, principal: relay.url, addresses: [newAddress()], ...once };
    const answerWith = (change: (answer: { data: string; sig: string }) => object) => (body: string) => {
      const rpc = JSON.parse(body) as { result: { data: string; sig: string } };
      return JSON.stringify({ ...rpc, result: { ...rpc.result, ...change(rpc.result) } });
    };
    const flip = (hex: string, at: number): string => {
      const bytes = fromHex(hex);
      bytes[at]! ^= 1;
      return toHex(bytes);
    };
    const attempts = [
      answerWith(({ data }) => ({ data: flip(data, 40) })),
      answerWith(({ sig }) => ({ sig: flip(sig, 10) })),
      answerWith(({ data }) => ({ sig: toHex(sign(fromHex(data), generateKeyPair().privateKey)) })),
    ];
    for (const tamper of attempts) {
      relay.tamperAnswer = tamper;
      await expect(syncKeys(carry)).rejects.toThrow(/not signed by the principal node/);
    }
    relay.tamperAnswer = (body) => body;

    // With a key of its own in the worker's request it would be given the keys, if the worker had signed it.
    relay.tamperRequest = (body) => {
      const rpc = JSON.parse(body) as { params: { data: string } };
      const data = fromHex(rpc.params.data);
      data.set(fromHex(rpc.params.data).reverse().subarray(0, 1), data.length - 1);
      data[data.length - 1]! ^= 1;
      return JSON.stringify({ ...rpc, params: { ...rpc.params, data: toHex(data) } });
    };
    await expect(syncKeys(carry)).rejects.toThrow(/-32001|-32602/);
    relay.tamperRequest = (body) => body;
    expect(await syncKeys(carry)).toEqual([]);
  });
});

describe('a core that pins its principal', () => {
  it('tells each kind of bad answer by its own code', async () => {
    const cores = await setUp();
    const { principal } = cores;
    const [right, wrong] = [world.client(cores.right.endpoint), world.client(cores.wrong.endpoint)];
    const { request, workerSig } = await right.getPTTRequest({ addresses: [newAddress()] });
    const { data, sig } = await fetchStateKeys(principal.url, { request, workerSig }, once);

    expect(await saysTo(right, data)).toMatch(/has no sig/);
    expect(await saysTo(right, data, new Uint8Array(65))).toMatch(/not signed by the principal node/);
    const altered = data.slice();
    altered[100]! ^= 1;
    expect(await saysTo(right, altered, sig)).toMatch(/not signed by the principal node/);
    expect(await saysTo(wrong, data, sig)).toMatch(/no request with the id of this response/);
    expect(await saysTo(right, data, sig)).toBe('accepted');
    expect(await saysTo(right, data, sig)).toMatch(/was used before/);
  });

  it('refuses keys that somebody else encrypted for it', async () => {
    const right = world.client((await setUp()).right.endpoint);
    const { request } = await right.getPTTRequest({ addresses: [newAddress()] });
    const { age, id, publicKey } = parseExchangeRequest(request);
    const attacker = generateKeyPair();
    const keys = encodeStateKeys([{ address: newAddress(), key: randomBytes(32) }]);
    const envelope = seal(sharedKey(attacker.privateKey, publicKey), keys);
    const response = encodeExchangeResponse({ age, id, publicKey: attacker.publicKey, envelope });
    expect(await saysTo(right, response, sign(response, attacker.privateKey))).toMatch(
      /not signed by the principal node/,
    );
  });

  it('refuses an answer that comes too late', async () => {
    const { right: worker, principal } = await setUp({ enclave: { exchangeLifetimeMs: 1 } });
    const right = world.client(worker.endpoint);
    const { request, workerSig } = await right.getPTTRequest({ addresses: [newAddress()] });
    const { data, sig } = await fetchStateKeys(principal.url, { request, workerSig }, once);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await saysTo(right, data, sig)).toMatch(/has expired/);
  });

  it('takes no keys for one request out of the answer to another', async () => {
    const { right: worker, principal } = await setUp();
    const right = world.client(worker.endpoint);
    const offers = [await right.getPTTRequest({ addresses: [newAddress()] }), await right.getPTTRequest({})];
    const answers = await Promise.all(offers.map((offer) => fetchStateKeys(principal.url, offer, once)));
    // The relay has both answers, and the principal's signature of each: it cannot mix their parts.
    const [a, b] = answers.map(({ data }) => parseExchangeResponse(data));
    const mixed = encodeExchangeResponse({ ...a!, envelope: b!.envelope });
    for (const { sig } of answers)
      expect(await saysTo(right, mixed, sig)).toMatch(/not signed by the principal node/);
    for (const { data, sig } of answers) expect(await saysTo(right, data, sig)).toBe('accepted');
  });
});

it('keys come back after a restart of everything, without another exchange', async () => {
  const dataDir = world.folder();
  const { address: principalAddress, url } = await startPrincipalForAll();
  const address = newAddress();
  const first = await core({ principalAddress }, dataDir);
  const client = world.client(first.endpoint);
  await syncKeys({ client, principal: url, addresses: [address], ...once });
  await deploy(client, address, (await world.contracts()).ownMemory);
  await compute(client, { address, fn: 'set(any)', args: utf8('7') });
  await first.close();

  const again = await core({ principalAddress }, dataDir);
  expect(again.signingAddress).toEqual(first.signingAddress);
  const task = await prepare(world.client(again.endpoint), { address, fn: 'get()' });
  expect(task.ioKey).toHaveLength(32);
  const { output } = await compute(world.client(again.endpoint), { address, fn: 'get()' });
  expect(Buffer.from(output).toString()).toBe('7');

  async function startPrincipalForAll(): Promise<Principal> {
    const folder = world.folder();
    const sealer = await openSealer({ kind: 'simulation', dataDir: folder });
    const principal = await startPrincipal({ dataDir: folder, sealer, port: 0 });
    world.onClose(() => principal.close());
    return principal;
  }
});
