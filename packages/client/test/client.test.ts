import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Client, ClientError, type ClientOptions, connect, methodName } from '@enigma-worker/client';
import {
  encodeError,
  encodeFailedTask,
  encodeReply,
  type IncomingRequest,
  MESSAGE_TYPES,
  parseRequest,
} from '@enigma-worker/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { curveKeyPair, Reply, Router } from 'zeromq';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const resource of opened.splice(0).reverse()) await resource.close();
});

/** A server that does with each message what `answer` says: frames to send back, later or never. */
class Scripted {
  readonly #socket = new Router({ linger: 0, handover: true });
  endpoint = '';
  readonly seen: IncomingRequest[] = [];

  static async start(
    answer: (request: IncomingRequest) => Uint8Array[] | Promise<Uint8Array[]> | undefined,
    bind = 'tcp://127.0.0.1:*',
  ): Promise<Scripted> {
    const server = new Scripted();
    await server.#socket.bind(bind);
    server.endpoint = server.#socket.lastEndpoint ?? '';
    void server.#serve(answer);
    opened.push(server);
    return server;
  }

  close(): void {
    if (!this.#socket.closed) this.#socket.close();
  }

  async #serve(answer: Parameters<typeof Scripted.start>[0]): Promise<void> {
    const outbound: Promise<unknown>[] = [];
    try {
      for await (const [peer = '', tag = '', delimiter = '', frame] of this.#socket) {
        const request = parseRequest(frame ?? new Uint8Array());
        this.seen.push(request);
        const reply = answer(request);
        if (reply === undefined) continue;
        outbound.push(
          Promise.resolve(reply).then((frames) =>
            this.#socket.closed ? undefined : this.#socket.send([peer, tag, delimiter, ...frames]),
          ),
        );
      }
    } catch (error) {
      if (!this.#socket.closed) throw error;
    }
  }
}

function client(endpoint: string, options: ClientOptions = {}): Client {
  const made = connect(endpoint, { timeout: 20_000, ...options });
  opened.push(made);
  return made;
}

/** Where nobody listens. A socket of libzmq goes on listening for a moment after it is closed; this one does not. */
async function freeEndpoint(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `tcp://127.0.0.1:${port}`;
}

const address = new Uint8Array(32).fill(7);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const failure = async (call: Promise<unknown>): Promise<ClientError> => {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ClientError)) throw new Error(`expected a ClientError, got ${String(error)}`);
  return error;
};

const thrownBy = (act: () => unknown): ClientError => {
  try {
    act();
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
  throw new Error('did not throw');
};

function tip({ id, input }: IncomingRequest): Uint8Array[] {
  const data = (input as { input: Uint8Array }).input;
  return [encodeReply('GetTip', id, { key: data[0] ?? 0, data }, 'seed')];
}

describe('the typed client', () => {
  it('has one method a message', () => {
    const it = client('tcp://127.0.0.1:1');
    for (const type of MESSAGE_TYPES) expect(it[methodName(type)]).toBeTypeOf('function');
    expect(methodName('PTTResponse')).toBe('pttResponse');
    expect(methodName('GetPTTRequest')).toBe('getPTTRequest');
  });

  it.each(['seed', 'v0.3'] as const)('sends a request and resolves to its result (%s)', async (dialect) => {
    const delta = Uint8Array.of(1, 2, 3);
    const server = await Scripted.start(({ id }) => [encodeReply('GetDelta', id, { delta }, dialect)]);
    const result = await client(server.endpoint, { dialect }).getDelta({ input: { address, key: 3 } });
    expect(Buffer.from(result.delta)).toEqual(Buffer.from(delta));
    expect(server.seen[0]).toMatchObject({ type: 'GetDelta', input: { input: { key: 3 } } });
  });

  it('tells a failed task from a result, and takes no failed task for anything else', async () => {
    const failed = { output: Uint8Array.of(1), usedGas: 2n ** 60n + 1n, signature: new Uint8Array(65) };
    const server = await Scripted.start(({ id }) => [encodeFailedTask(id, failed, 'seed')]);
    const worker = client(server.endpoint);
    const task = {
      encryptedFn: new Uint8Array(),
      encryptedArgs: new Uint8Array(),
      userDHKey: new Uint8Array(64),
      gasLimit: 1n,
      contractAddress: address,
    };
    expect(await worker.computeTask({ input: task })).toMatchObject({
      kind: 'failedTask',
      result: { usedGas: failed.usedGas },
    });
    expect((await failure(worker.getTip({ input: address }))).code).toBe('BAD_REPLY');
  });

  it.each(['seed', 'v0.3'] as const)(
    "throws with the worker's text when it refuses (%s)",
    async (dialect) => {
      const server = await Scripted.start(({ id, type }) => [
        encodeError({ id, type }, 'no such thing', dialect),
      ]);
      const error = await failure(client(server.endpoint).getTip({ input: address }));
      expect([error.code, error.message]).toEqual(['REFUSED', 'no such thing']);
    },
  );

  it('keeps side-by-side calls apart when answers come in any order', async () => {
    const server = await Scripted.start(async (request) => {
      await sleep(Math.random() * 50);
      return tip(request);
    });
    const worker = client(server.endpoint);
    const keys = Array.from({ length: 50 }, (_, i) => i);
    const results = await Promise.all(
      keys.map((key) => worker.getTip({ input: new Uint8Array(32).fill(key) })),
    );
    expect(results.map((result) => result.key)).toEqual(keys);
  });

  it('works with a plain REP socket', async () => {
    const rep = new Reply({ linger: 0 });
    opened.push(rep);
    await rep.bind('tcp://127.0.0.1:*');
    void (async () => {
      for await (const [frame] of rep) await rep.send(tip(parseRequest(frame ?? new Uint8Array())));
    })().catch(() => undefined);
    const worker = client(rep.lastEndpoint ?? '');
    for (const key of [1, 2])
      expect((await worker.getTip({ input: new Uint8Array(32).fill(key) })).key).toBe(key);
  });
});

describe('servers that misbehave', () => {
  it('gives up on one that never answers, and the next call works', async () => {
    let asked = 0;
    const server = await Scripted.start((request) => (asked++ === 1 ? undefined : tip(request)));
    const worker = client(server.endpoint);
    // Who is not connected yet after 100 ms is told something else.
    await worker.getTip({ input: address });
    const error = await failure(worker.getTip({ input: address }, { timeout: 100 }));
    expect([error.code, error.message]).toEqual([
      'TIMEOUT',
      expect.stringContaining('may still be carried out'),
    ]);
    expect((await worker.getTip({ input: address })).key).toBe(7);
  });

  it('takes no late answer for that of another call', async () => {
    let asked = 0;
    const server = await Scripted.start(async (request) => {
      if (asked++ === 0) await sleep(150);
      return tip(request);
    });
    const worker = client(server.endpoint);
    expect((await failure(worker.getTip({ input: new Uint8Array(32).fill(1) }, { timeout: 50 }))).code).toBe(
      'TIMEOUT',
    );
    await sleep(150);
    expect((await worker.getTip({ input: new Uint8Array(32).fill(2) })).key).toBe(2);
  });

  it.each([
    ['garbage', () => [Buffer.from('garbage')]],
    ['nothing', () => []],
    ['too many parts', (request: IncomingRequest) => [...tip(request), ...tip(request)]],
    ['the answer to another request', (request: IncomingRequest) => tip({ ...request, id: 'other' })],
    [
      'another message',
      ({ id }: IncomingRequest) => [encodeReply('GetAllAddrs', id, { addresses: [] }, 'seed')],
    ],
  ])('says so when it gets %s', async (_, answer) => {
    let asked = 0;
    const server = await Scripted.start((request) => (asked++ === 0 ? answer(request) : tip(request)));
    const worker = client(server.endpoint);
    expect((await failure(worker.getTip({ input: address }))).code).toBe('BAD_REPLY');
    expect((await worker.getTip({ input: address })).key).toBe(7);
  });

  it('waits for one that is not there yet', async () => {
    const endpoint = await freeEndpoint();
    const worker = client(endpoint);
    const error = await failure(worker.getTip({ input: address }, { timeout: 100 }));
    expect([error.code, error.message]).toEqual(['TIMEOUT', expect.stringContaining('nobody is there')]);
    const waiting = worker.getTip({ input: address });
    await sleep(100);
    const server = await Scripted.start(tip, endpoint);
    expect((await waiting).key).toBe(7);
    expect(server.seen).toHaveLength(1);
  });

  it('waits behind a forwarder that takes connections for one that is not there yet, and asks once', async () => {
    const behind = await freeEndpoint();
    const forwarder = createServer((near) => {
      const far = connectTcp(Number(new URL(behind).port), '127.0.0.1');
      near
        .on('error', () => undefined)
        .pipe(far.on('error', () => near.destroy()))
        .pipe(near);
    }).listen(0, '127.0.0.1');
    opened.push(forwarder);
    await once(forwarder, 'listening');
    const worker = client(`tcp://127.0.0.1:${(forwarder.address() as AddressInfo).port}`, {
      timeout: 10_000,
    });
    const write = worker.removeContract({ address });
    const read = worker.getTip({ input: address });
    for (let taken = 0; taken < 3; taken++) await once(forwarder, 'connection');
    const server = await Scripted.start((request) => {
      const { id, type } = request;
      return type === 'GetTip'
        ? tip(request)
        : [encodeReply('RemoveContract', id, { address, status: 0 }, 'seed')];
    }, behind);
    expect((await write).status).toBe(0);
    expect((await read).key).toBe(7);
    expect(server.seen.map(({ type }) => type)).toEqual(['RemoveContract', 'GetTip']);
  });

  it('repeats reads and gives up on everything else when it restarts in between', async () => {
    const first = await Scripted.start(() => undefined);
    const worker = client(first.endpoint);
    const read = worker.getTip({ input: address });
    const write = failure(worker.removeContract({ address }));
    while (first.seen.length < 2) await sleep(5);
    first.close();
    expect((await write).code).toBe('CONNECTION_LOST');
    await Scripted.start(tip, first.endpoint);
    expect((await read).key).toBe(7);
    expect((await worker.getTip({ input: address })).key).toBe(7);
  });
});

describe('giving up', () => {
  it('heeds an AbortSignal, before and while it waits', async () => {
    const server = await Scripted.start(() => undefined);
    const worker = client(server.endpoint);
    const controller = new AbortController();
    const call = failure(worker.getTip({ input: address }, { signal: controller.signal }));
    while (server.seen.length === 0) await sleep(5);
    controller.abort(new Error('enough'));
    expect((await call).code).toBe('ABORTED');
    const after = await failure(worker.getTip({ input: address }, { signal: controller.signal }));
    expect([after.code, after.cause]).toEqual(['ABORTED', expect.objectContaining({ message: 'enough' })]);
    expect(server.seen).toHaveLength(1);
  });

  it('lets one signal end many calls, without a warning of a leak', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    opened.push({ close: () => process.off('warning', note) });
    const server = await Scripted.start(() => undefined);
    const stop = new AbortController();
    const worker = client(server.endpoint);
    const calls = Array.from({ length: 20 }, () =>
      failure(worker.getTip({ input: address }, { signal: stop.signal })),
    );
    await sleep(20);
    stop.abort();
    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(Array(20).fill('ABORTED'));
    expect(warnings).toEqual([]);
  });

  it('waits as long as it takes when it is told to wait without end', async () => {
    const server = await Scripted.start(async (request) => {
      await sleep(50);
      return tip(request);
    });
    const found = await client(server.endpoint).getTip({ input: address }, { timeout: Infinity });
    expect(found.key).toBe(7);
  });

  it('ends open calls when it closes, twice if asked', async () => {
    const server = await Scripted.start(() => undefined);
    const worker = client(server.endpoint);
    const call = failure(worker.getTip({ input: address }));
    await sleep(20);
    await worker.close();
    await worker.close();
    expect((await call).code).toBe('CLOSED');
    expect((await failure(worker.getTip({ input: address }))).code).toBe('CLOSED');
  });

  it('leaves nothing running when nobody was ever there', async () => {
    const worker = client('tcp://127.0.0.1:1');
    const call = failure(worker.getTip({ input: address }));
    await worker.close();
    expect((await call).code).toBe('CLOSED');
  });
});

describe('CURVE', () => {
  it('speaks to the server whose key it has, and to no other', async () => {
    const [serverKeys, ours, other] = [curveKeyPair(), curveKeyPair(), curveKeyPair()];
    const rep = new Reply({ linger: 0, curveServer: true, curveSecretKey: serverKeys.secretKey });
    opened.push(rep);
    await rep.bind('tcp://127.0.0.1:*');
    void (async () => {
      for await (const [frame] of rep) await rep.send(tip(parseRequest(frame ?? new Uint8Array())));
    })().catch(() => undefined);
    const endpoint = rep.lastEndpoint ?? '';
    const right = client(endpoint, { curve: { serverPublicKey: serverKeys.publicKey, ...ours } });
    expect((await right.getTip({ input: address })).key).toBe(7);
    const wrong = client(endpoint, { curve: { serverPublicKey: other.publicKey, ...ours } });
    const plain = client(endpoint);
    for (const mistaken of [wrong, plain]) {
      const error = await failure(mistaken.getTip({ input: address }, { timeout: 2_000 }));
      expect(['TIMEOUT', 'DENIED']).toContain(error.code);
      expect(error.message).toContain('handshake');
    }
  });

  it('says that the handshake did not complete, and not that nobody is there', async () => {
    const [serverKeys, ours, other] = [curveKeyPair(), curveKeyPair(), curveKeyPair()];
    const rep = new Reply({ linger: 0, curveServer: true, curveSecretKey: serverKeys.secretKey });
    opened.push(rep);
    await rep.bind('tcp://127.0.0.1:*');
    const wrong = client(rep.lastEndpoint ?? '', { curve: { serverPublicKey: other.publicKey, ...ours } });
    expect(await failure(wrong.getTip({ input: address }, { timeout: 2_000 }))).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('the CURVE handshake did not complete: check the key of the server'),
    });
    const nobody = client('tcp://127.0.0.1:1', { curve: { serverPublicKey: other.publicKey, ...ours } });
    expect((await failure(nobody.getTip({ input: address }, { timeout: 300 }))).message).toContain(
      'nobody is there',
    );
  });

  it('says that it has no key, or that the other side wants none', async () => {
    const [serverKeys, ours] = [curveKeyPair(), curveKeyPair()];
    const encrypted = new Reply({ linger: 0, curveServer: true, curveSecretKey: serverKeys.secretKey });
    const open = new Reply({ linger: 0 });
    opened.push(encrypted, open);
    for (const rep of [encrypted, open]) await rep.bind('tcp://127.0.0.1:*');
    const without = client(encrypted.lastEndpoint ?? '');
    expect(await failure(without.getTip({ input: address }))).toMatchObject({
      code: 'DENIED',
      message: expect.stringMatching(/refused the handshake: it asks for CURVE keys, or is no worker$/),
    });
    const curve = { serverPublicKey: serverKeys.publicKey, ...ours };
    const withKeys = client(open.lastEndpoint ?? '', { curve });
    expect(await failure(withKeys.getTip({ input: address }))).toMatchObject({
      code: 'DENIED',
      message: expect.stringMatching(/or speaks no CURVE$/),
    });
  });

  it('refuses keys that are none, without a word of the secret one', () => {
    const [server, ours] = [curveKeyPair(), curveKeyPair()];
    const keys = { serverPublicKey: server.publicKey, ...ours };
    for (const name of Object.keys(keys) as (keyof typeof keys)[]) {
      const tooGreat = `${keys[name].slice(0, -5)}#####`;
      for (const wrong of [
        `${keys[name].slice(0, -1)}"`,
        keys[name].slice(1),
        `${keys[name]}0`,
        tooGreat,
        '',
      ]) {
        const curve = { ...keys, [name]: wrong };
        const error = thrownBy(() => connect('tcp://127.0.0.1:1', { curve }));
        expect(error).toMatchObject({ code: 'BAD_CURVE_KEY' });
        expect(error.message).toMatch(/is not 40 characters of Z85$/);
        expect(error.message).not.toContain(ours.secretKey.slice(1, -1));
      }
    }
  });
});

describe('an address that is none', () => {
  it.each([
    'localhost:5552',
    'tcp://127.0.0.1',
    'tcp://127.0.0.1:port',
    'tcp://127.0.0.1:0',
    'tcp://127.0.0.1:70000',
    'tcp://127.0.0.1:5552/',
    'tcp://:5552',
    'http://127.0.0.1:5552',
    'ipc://',
    `ipc:///tmp/${'x'.repeat(200)}`,
  ])('is refused by name, and nothing is left open: %s', (endpoint) => {
    const error = thrownBy(() => connect(endpoint));
    expect(error).toMatchObject({ code: 'BAD_ENDPOINT' });
    expect(error.message).toBe(
      `${JSON.stringify(endpoint)} is not an endpoint: expected tcp://host:port or ipc://path`,
    );
  });

  it('does not keep the process alive', () => {
    const script = `import { connect } from '@enigma-worker/client';
      for (const endpoint of ['tcp://127.0.0.1', 'ipc:///tmp/' + 'x'.repeat(200)])
        try { connect(endpoint) } catch (error) { console.log(error.code) }
      const curve = { serverPublicKey: '"'.repeat(40), publicKey: '0'.repeat(40), secretKey: '0'.repeat(40) };
      try { connect('tcp://127.0.0.1:1', { curve }) } catch (error) { console.log(error.code) }`;
    const cwd = fileURLToPath(new URL('..', import.meta.url));
    const args = ['--input-type=module', '-e', script];
    const run = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: 20_000 });
    expect(run).toMatchObject({
      status: 0,
      signal: null,
      stdout: 'BAD_ENDPOINT\nBAD_ENDPOINT\nBAD_CURVE_KEY\n',
    });
  });
});
