import { setTimeout } from 'node:timers/promises';
import {
  callContract,
  createClient,
  deployContract,
  estimateGas,
  http,
  waitFor,
  type Transport,
} from '@enigma-worker/sdk';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

/** A gateway that answers everything with this body. */
function answering(body: string): Transport {
  return http('http://gateway.test', { fetch: () => Promise.resolve(new Response(body)) });
}

/** Holds a request until it is given up. */
const gatewayThatIsSilent: typeof fetch = (_url, init) =>
  new Promise((_resolve, reject) => {
    const giveUp = () => reject(init!.signal!.reason as Error);
    if (init!.signal!.aborted) giveUp();
    init!.signal!.addEventListener('abort', giveUp);
  });

/** A transport that nothing may reach. */
const unreachable = new Proxy({} as Transport, {
  get(_target, name) {
    throw new Error(`${String(name)} was asked for`);
  },
});
const silent = () => createClient({ transport: http('http://gateway.test', { fetch: () => expect.fail() }) });

function abortedAfter(ms: number, reason: Error): AbortSignal {
  const controller = new AbortController();
  void setTimeout(ms).then(() => controller.abort(reason));
  return controller.signal;
}

const nothing = new Uint8Array(0);
const input = {
  encryptedArgs: nothing,
  encryptedFn: nothing,
  userDHKey: nothing,
  gasLimit: 1n,
  contractAddress: nothing,
};

const registration = (fields: object) =>
  JSON.stringify({ result: { signingKey: 'aa'.repeat(20), report: '', signature: '', ...fields } });

describe('what a gateway answers', () => {
  test.each([
    'null',
    '5',
    '{}',
    '[]',
    '<html>',
    '',
    '{"result":5}',
    '{"result":null}',
    '{"error":{}}',
    '{"error":"no"}',
    registration({ signingKey: 'zz' }),
    registration({ signingKey: 'abc' }),
    registration({ signingKey: 'abcd' }),
    registration({ report: 5 }),
  ])('%s is malformed', async (body) => {
    const client = createClient({ transport: answering(body) });
    await expect(client.workerAddress()).rejects.toMatchObject({
      name: 'SdkError',
      code: 'TRANSPORT_FAILED',
    });
  });

  test('tells where no gateway is, and why', async () => {
    const answers: [string, RegExp][] = [
      ['{"error":"Not Found"}', /at http:\/\/gateway.test: expected an answer in JSON-RPC/],
      ['{"error":{"code":-32601,"message":"Method not found"}}', /^Method not found: .* is a gateway there/],
      ['{"error":{"code":-32000,"message":"busy"}}', /^busy$/],
    ];
    for (const [body, message] of answers) {
      const client = createClient({ transport: answering(body) });
      await expect(client.workerAddress()).rejects.toThrow(message);
    }
    const nobody = createClient({ transport: http('http://127.0.0.1:5') });
    await expect(nobody.workerAddress()).rejects.toMatchObject({
      code: 'TRANSPORT_FAILED',
      message: expect.stringMatching(/at http:\/\/127.0.0.1:5: .*ECONNREFUSED/),
    });
  });

  test.each([
    [502, '<html>Bad Gateway</html>'],
    [429, 'slow down'],
    [401, '{"message":"no"}'],
    [503, ''],
  ])('a proxy that answers for its gateway is told by its HTTP %i', async (status, body) => {
    const transport = http('http://gateway.test', {
      fetch: () => Promise.resolve(new Response(body, { status })),
    });
    await expect(createClient({ transport }).workerAddress()).rejects.toMatchObject({
      code: 'TRANSPORT_FAILED',
      message: `getRegistrationParams at http://gateway.test: expected an answer in JSON-RPC, got HTTP ${status}: that was no gateway`,
    });
  });

  test.each(['x', '', '-1', '0x5', '1e3', '1'.repeat(21)])('%j is no amount of gas', async (usedGas) => {
    const transport = answering(JSON.stringify({ result: { status: 'SUCCESS', usedGas } }));
    await expect(transport.estimate!(input)).rejects.toMatchObject({ code: 'TRANSPORT_FAILED' });
  });

  test('a task that is never done is asked for now and then, and given up in time', async () => {
    let asked = 0;
    const transport = http('http://gateway.test', {
      fetch: () => Promise.resolve(new Response('{"result":{"result":null}}')).finally(() => asked++),
    });
    await expect(transport.computeTask(input, { timeout: 600 })).rejects.toMatchObject({
      name: 'SdkError',
      code: 'TASK_TIMEOUT',
    });
    expect(asked).toBeLessThan(6);
  });

  test('the bounds of a call are those of asking who the worker is, too', async () => {
    const transport = http('http://gateway.test', { fetch: gatewayThatIsSilent });
    const call = { address: 'ab'.repeat(32), function: 'f()', timeout: 30 };
    await expect(callContract(createClient({ transport }), call)).rejects.toMatchObject({
      code: 'TRANSPORT_FAILED',
      message: expect.stringMatching(/^getRegistrationParams .*no answer in time$/),
    });
  });

  test('a call that is aborted, before or while it is under way, ends with the reason of its signal', async () => {
    const transport = http('http://gateway.test', {
      fetch: async (_url, init) => {
        await setTimeout(20);
        init!.signal!.throwIfAborted();
        return new Response('{"result":{"result":null}}');
      },
    });
    const reason = new Error('the user left');
    for (const signal of [AbortSignal.abort(reason), abortedAfter(10, reason), abortedAfter(70, reason)]) {
      await expect(transport.computeTask(input, { signal, timeout: 5_000 })).rejects.toBe(reason);
    }
  });

  test('who sets no end to it waits as long as it takes', async () => {
    const transport = http('http://gateway.test', {
      timeout: Infinity,
      fetch: async (_url, init) => {
        await setTimeout(20);
        init!.signal!.throwIfAborted();
        return new Response('{"result":{"delta":"05"}}');
      },
    });
    expect(await transport.getDelta(nothing, 0)).toEqual({ delta: Uint8Array.of(5) });
    const client = createClient({
      transport: { getTip: () => Promise.resolve({ key: 1, data: nothing }) } as never,
    });
    expect(await waitFor(client, { contract: 'ab'.repeat(32), timeout: Infinity })).toBe(1);
  });

  test.each([-5, NaN, 0])(
    'who leaves %s ms for it is told that there was no answer in time',
    async (timeout) => {
      const transport = http('http://gateway.test', { fetch: gatewayThatIsSilent });
      const call = { address: 'ab'.repeat(32), function: 'f()', timeout };
      const late = { code: 'TRANSPORT_FAILED', message: expect.stringMatching(/no answer in time$/) };
      await expect(callContract(createClient({ transport }), call)).rejects.toMatchObject(late);
      const wait = { contract: 'ab'.repeat(32), timeout };
      await expect(waitFor(createClient({ transport }), wait)).rejects.toMatchObject({
        code: 'WAIT_TIMEOUT',
      });
    },
  );

  test('a time that is no whole number will do, and gateways are told whole ones', async () => {
    const waits: unknown[] = [];
    const transport = http('http://gateway.test', {
      fetch: (_url, init) => {
        const { method, params } = JSON.parse(init!.body as string) as { method: string; params: object };
        if (method === 'getTaskResult') waits.push('waitMs' in params && params.waitMs);
        return Promise.resolve(new Response('{"result":{"result":null}}'));
      },
    });
    const late = { code: 'TASK_TIMEOUT' };
    await expect(transport.computeTask(input, { timeout: 300.7 })).rejects.toMatchObject(late);
    expect(waits).not.toHaveLength(0);
    expect(waits.filter((each) => !Number.isInteger(each))).toEqual([]);
    const client = createClient({
      transport: { getTip: () => Promise.resolve({ key: 1, data: nothing }) } as never,
    });
    expect(await waitFor(client, { contract: 'ab'.repeat(32), timeout: 60_000.5 })).toBe(1);
  });

  test('a clock that is set while a task runs neither ends it nor makes it last', async () => {
    const now = vi.spyOn(Date, 'now').mockReturnValue(0);
    onTestFinished(() => now.mockRestore());
    let asked = 0;
    const transport = http('http://gateway.test', {
      fetch: () => {
        now.mockReturnValue(++asked * 86_400_000);
        const failed = '{"result":{"status":"FAILED","output":"","usedGas":"1","signature":""}}';
        return Promise.resolve(new Response(`{"result":${asked < 3 ? '{"result":null}' : failed}}`));
      },
    });
    expect(await transport.computeTask(input)).toMatchObject({ kind: 'failedTask' });
  });

  test('of several workers that answer the first questions the first one is trusted', async () => {
    const answers = [80, 20].map((delay, i) =>
      setTimeout(delay, { signingKey: new Uint8Array(20).fill(i + 1), report: nothing, signature: nothing }),
    );
    const transport = { getRegistrationParams: () => answers.shift()! } as unknown as Transport;
    const client = createClient({ transport });
    const found = await Promise.all([client.workerAddress(), client.workerAddress()]);
    expect(found.map(([first]) => first)).toEqual([2, 2]);
  });

  test('an error is the refusal of the gateway, and null is none', async () => {
    const refusing = createClient({ transport: answering('{"error":{"code":-32000,"message":"no"}}') });
    await expect(refusing.workerAddress()).rejects.toMatchObject({ code: 'WORKER_ERROR', message: 'no' });
    const { result } = JSON.parse(registration({})) as { result: object };
    const client = createClient({ transport: answering(JSON.stringify({ error: null, result })) });
    expect(await client.workerAddress()).toEqual(new Uint8Array(20).fill(0xaa));
  });
});

describe('what a caller gives', () => {
  const mismatch = (message: string) => ({ name: 'SdkError', code: 'ARGUMENTS_MISMATCH', message });

  test.each(['xyz', '', 'ab', 'ab'.repeat(31), 'g'.repeat(64)])('%j is no address', async (address) => {
    const refused = mismatch('address: expected 64 hex digits');
    const bytecode = new Uint8Array(1);
    await expect(deployContract(silent(), { bytecode, address })).rejects.toMatchObject(refused);
    await expect(callContract(silent(), { address, function: 'f()' })).rejects.toMatchObject(refused);
    await expect(estimateGas(silent(), { address, function: 'f()' })).rejects.toMatchObject(refused);
    await expect(waitFor(silent(), { contract: address })).rejects.toMatchObject(refused);
    await expect(waitFor(silent(), { task: address })).rejects.toMatchObject(
      mismatch('task: expected 64 hex digits'),
    );
  });

  test.each([-1n, 2n ** 64n, 1.5, NaN, 'a', null])('%s is no limit of gas', async (value) => {
    const refused = {
      name: 'SdkError',
      code: 'ARGUMENTS_MISMATCH',
      message: expect.stringMatching(/^gasLimit: /),
    };
    const gasLimit = value as unknown as bigint;
    const call = { address: 'ab'.repeat(32), function: 'f()', gasLimit };
    const bytecode = new Uint8Array(1);
    await expect(deployContract(silent(), { bytecode, gasLimit })).rejects.toMatchObject(refused);
    await expect(callContract(silent(), call)).rejects.toMatchObject(refused);
    await expect(estimateGas(silent(), call)).rejects.toMatchObject(refused);
  });

  test.each(['https://user:hunter2@gateway.test/', 'http://token-hunter2@gateway.test'])(
    'a gateway is not named together with a password, which would stand in errors',
    (url) => {
      const text = 'gateway: expected an address without user and password';
      expect(() => http(url)).toThrow(
        expect.objectContaining(mismatch(expect.stringContaining(text) as string)),
      );
      expect(() => http(url)).not.toThrow('hunter2');
    },
  );

  test('a gateway may be named as seen from the page', () => {
    expect(() => http('/worker')).not.toThrow();
  });

  test.each([undefined, '0061736d', [0], new ArrayBuffer(4)])('%j is no bytecode', async (bytecode) => {
    const parameters = { bytecode: bytecode as unknown as Uint8Array };
    await expect(deployContract(silent(), parameters)).rejects.toMatchObject(
      mismatch('bytecode: expected a Uint8Array'),
    );
  });

  test('a worker or a key that is none is refused when the client is made, and no key is told', () => {
    const make = (options: object) => () => createClient({ transport: unreachable, ...options });
    for (const worker of ['xyz', 'ab', '0x', 'ab'.repeat(32)]) {
      expect(make({ worker })).toThrow(expect.objectContaining(mismatch('worker: expected 40 hex digits')));
    }
    for (const privateKey of ['secret', 'ab', 'ab'.repeat(33)]) {
      expect(make({ privateKey })).toThrow(
        expect.objectContaining(mismatch('privateKey: expected 64 hex digits')),
      );
    }
    for (const privateKey of ['00'.repeat(32), 'ff'.repeat(32)]) {
      expect(make({ privateKey })).toThrow(
        expect.objectContaining(mismatch('privateKey: expected a scalar of secp256k1')),
      );
    }
  });
});
