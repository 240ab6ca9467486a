import {
  addressOf,
  equalBytes,
  generateKeyPair,
  randomBytes,
  recoverAddress,
  toHex,
} from '@enigma-worker/crypto';
import { type ExchangeAge, parseExchangeResponse } from '@enigma-worker/protocol';
import {
  backupPrincipal,
  fetchStateKeys,
  resealSecrets,
  restorePrincipal,
  rotateMasterSecret,
  startPrincipal,
} from '@enigma-worker/principal';
import { describe, expect, test } from 'vitest';
import {
  beginExchange,
  call,
  finishExchange,
  memorySealer,
  post,
  runPrincipal,
  temporaryFolder,
} from './support/principal.js';

const once = { retries: 0 };

describe('getStateKeys', () => {
  test.each<ExchangeAge>(['seed', 'current'])(
    'gives the keys asked for, answered in the %s age',
    async (age) => {
      const principal = await runPrincipal();
      const addresses = [randomBytes(32), randomBytes(32)];
      const exchange = age === 'seed' ? beginExchange(age, addresses) : beginExchange(age);
      const { data, sig } = await fetchStateKeys(
        principal.url,
        {
          request: exchange.request,
          workerSig: exchange.workerSig,
          ...(age === 'seed' ? {} : { addresses }),
        },
        once,
      );

      const response = parseExchangeResponse(data);
      expect(response.age).toBe(age);
      expect(response.id).toEqual(exchange.id);
      expect(recoverAddress(data, sig)).toEqual(principal.address);
      const keys = finishExchange(exchange, data);
      expect(keys.map(({ address }) => toHex(address))).toEqual(addresses.map(toHex));
      expect(equalBytes(keys[0]!.key, keys[1]!.key)).toBe(false);
    },
  );

  test('gives two workers the same key, under fresh exchange keys', async () => {
    const { url } = await runPrincipal();
    const addresses = [randomBytes(32)];
    const exchanges = [beginExchange('current'), beginExchange('current')];
    const answers = await Promise.all(
      exchanges.map(({ request, workerSig }) => fetchStateKeys(url, { request, workerSig, addresses }, once)),
    );
    const [a, b] = exchanges.map((exchange, i) => finishExchange(exchange, answers[i]!.data)[0]!.key);
    expect(a).toEqual(b);
    const [first, second] = answers.map(({ data }) => toHex(parseExchangeResponse(data).publicKey));
    expect(first).not.toBe(second);
  });

  test('takes positional parameters, null for the last two', async () => {
    const { url } = await runPrincipal();
    const { request, workerSig } = beginExchange('current');
    const params = [toHex(request), toHex(workerSig), null, null];
    expect(await call(url, 'getStateKeys', params)).toHaveProperty('result.data');
    expect(
      await call(url, 'getStateKeys', [...params.slice(0, 2), '12', [toHex(randomBytes(32))]]),
    ).toHaveProperty('result.sig');
  });

  test('without addresses gives all contracts that keys were given out for', async () => {
    const { url } = await runPrincipal();
    const addresses = [randomBytes(32), randomBytes(32), randomBytes(32)];
    const first = beginExchange('seed', addresses);
    await fetchStateKeys(url, { request: first.request, workerSig: first.workerSig }, once);
    const all = beginExchange('current');
    const { data } = await fetchStateKeys(url, { request: all.request, workerSig: all.workerSig }, once);
    const given = finishExchange(all, data).map(({ address }) => toHex(address));
    expect(given.sort()).toEqual(addresses.map(toHex).sort());
  });

  test('keeps address and keys over a restart', async () => {
    const dataDir = await temporaryFolder();
    const sealer = memorySealer();
    const addresses = [randomBytes(32)];
    const keyOf = async () => {
      const principal = await runPrincipal({ dataDir, sealer });
      const exchange = beginExchange('seed', addresses);
      const { data } = await fetchStateKeys(principal.url, exchange, once);
      await principal.close();
      return { address: principal.address, key: finishExchange(exchange, data)[0]!.key };
    };
    expect(await keyOf()).toEqual(await keyOf());
  });

  test('has its folder to itself until it is closed', async () => {
    const dataDir = await temporaryFolder();
    const sealer = memorySealer();
    const principal = await runPrincipal({ dataDir, sealer });
    const locked = {
      code: 'LOCKED',
      message: `another principal has the data folder ${dataDir} open`,
    };
    await expect(startPrincipal({ dataDir, sealer, port: 0 })).rejects.toMatchObject(locked);
    await expect(rotateMasterSecret(dataDir, sealer)).rejects.toMatchObject(locked);
    await expect(resealSecrets(dataDir, sealer, memorySealer())).rejects.toMatchObject(locked);
    await expect(backupPrincipal(dataDir, sealer, 'passphrase')).rejects.toMatchObject(locked);
    await expect(restorePrincipal(dataDir, sealer, '{}', 'passphrase')).rejects.toMatchObject(locked);
    await principal.close();
    expect(await rotateMasterSecret(dataDir, sealer)).toBe(1);
    await (await runPrincipal({ dataDir, sealer })).close();
  });

  test('gives its folder back when it cannot start', async () => {
    const dataDir = await temporaryFolder();
    const sealer = memorySealer();
    const { port } = await runPrincipal();
    await expect(startPrincipal({ dataDir, sealer, port })).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
    await (await runPrincipal({ dataDir, sealer })).close();
  });

  test('refuses a whole request for one contract that the worker may not run', async () => {
    const worker = generateKeyPair();
    const { url } = await runPrincipal({ authorisation: { workers: [addressOf(worker.publicKey)] } });
    const own = beginExchange('seed', [randomBytes(32)], worker);
    await fetchStateKeys(url, own, once);

    const foreign = beginExchange('seed', [randomBytes(32)]);
    await expect(fetchStateKeys(url, foreign, once)).rejects.toMatchObject({
      code: 'NOT_AUTHORISED',
      rpcCode: -32001,
    });
  });

  test('answers an empty list, and a stranger without addresses, with no keys', async () => {
    const { url } = await runPrincipal({ authorisation: { workers: [] } });
    for (const exchange of [beginExchange('seed', []), beginExchange('current')]) {
      const { data } = await fetchStateKeys(url, exchange, once);
      expect(finishExchange(exchange, data)).toEqual([]);
    }
  });

  test('says of more contracts than an answer has keys for how they are asked for', async () => {
    const { url } = await runPrincipal();
    for (const count of [9_999, 2])
      await fetchStateKeys(
        url,
        beginExchange(
          'seed',
          Array.from({ length: count }, () => randomBytes(32)),
        ),
        once,
      );
    await expect(fetchStateKeys(url, beginExchange('current'), once)).rejects.toThrow(
      'the worker has 10001 contracts, and an answer brings keys of 10000 at most: name some at a time',
    );
  });

  test('refuses addresses that a relay altered beside a signed list', async () => {
    const { url } = await runPrincipal();
    const exchange = beginExchange('seed', [randomBytes(32)]);
    const error = fetchStateKeys(url, { ...exchange, addresses: [randomBytes(32)] }, once);
    await expect(error).rejects.toMatchObject({ code: 'REFUSED', rpcCode: -32602 });
  });

  test('takes a changed seed-age message for another worker', async () => {
    const worker = generateKeyPair();
    const { url } = await runPrincipal({ authorisation: { workers: [addressOf(worker.publicKey)] } });
    const { request, workerSig } = beginExchange('seed', [randomBytes(32)], worker);
    const altered = request.slice();
    altered[20]! ^= 1;
    await expect(fetchStateKeys(url, { request: altered, workerSig }, once)).rejects.toThrow(/-32001|-32602/);
  });

  test.each([
    ['no parameters', undefined],
    ['a number', 5],
    ['an empty object', {}],
    ['data that is not hex', { data: 'xy', sig: '00'.repeat(65) }],
    ['data that is no message', { data: '00', sig: '00'.repeat(65) }],
    ['a short signature', { data: toHex(beginExchange('current').request), sig: '00' }],
    ['a bad block number', [toHex(beginExchange('current').request), '00'.repeat(65), '-1', null]],
    ['a bad address', [toHex(beginExchange('current').request), '00'.repeat(65), null, ['00']]],
  ])('refuses %s with -32602', async (_name, params) => {
    const { url } = await runPrincipal();
    expect((await call(url, 'getStateKeys', params)).error?.code).toBe(-32602);
  });

  test('refuses a key that is not on the curve with -32602, a signature of nobody with -32001', async () => {
    const { url } = await runPrincipal();
    const { request, workerSig } = beginExchange('current');
    expect(
      (await call(url, 'getStateKeys', { data: toHex(request), sig: '00'.repeat(65), addresses: [] })).error
        ?.code,
    ).toBe(-32001);
    // The public key is the last field: 64 integers after "pubkey".
    const offCurve = request.slice(0, request.length - 1);
    const last = request.at(-1)! ^ 1;
    const altered = Uint8Array.of(...offCurve, last);
    expect(
      (await call(url, 'getStateKeys', { data: toHex(altered), sig: toHex(workerSig), addresses: [] })).error
        ?.code,
    ).toBe(-32602);
  });
});

/** Lists inside each other. */
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('the HTTP server', () => {
  test('answers health, metrics and getHealthCheck', async () => {
    const { url } = await runPrincipal();
    expect((await call(url, 'getHealthCheck', [])).result).toBe(true);
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('enigma_principal_requests_total{method="getHealthCheck",outcome="OK"} 1');
    expect(metrics).toContain('enigma_principal_contracts 0');
  });

  test.each([
    ['nothing', '', -32700],
    ['no JSON', '{', -32700],
    ['no request', '{}', -32600],
    ['an empty batch', '[]', -32600],
    ['too large a batch', JSON.stringify(Array.from({ length: 101 }, () => ({}))), -32600],
    ['null', 'null', -32600],
    ['a number', '5', -32600],
    ['an id of another kind', '{"jsonrpc":"2.0","id":{},"method":"getHealthCheck"}', -32600],
    ['an id too deep', `{"jsonrpc":"2.0","id":${nested(200_000)},"method":"getHealthCheck"}`, -32600],
    ['an unknown method', '{"jsonrpc":"2.0","id":1,"method":"toString"}', -32601],
    ['an inherited method', '{"jsonrpc":"2.0","id":1,"method":"__proto__"}', -32601],
  ])('answers %s with an error, and goes on', async (_name, body, code) => {
    const { url } = await runPrincipal();
    expect((await post(url, body)).body.error?.code).toBe(code);
    expect((await call(url, 'getHealthCheck', [])).result).toBe(true);
  });

  test('answers a batch, ignores a notification, takes any media type', async () => {
    const { url } = await runPrincipal();
    const health = { jsonrpc: '2.0', id: 1, method: 'getHealthCheck', params: [] };
    const { body } = await post(url, JSON.stringify([health, { ...health, id: 2 }]));
    expect(body).toHaveLength(2);
    expect((await post(url, JSON.stringify([health, null]))).body).toHaveLength(2);
    expect((await post(url, JSON.stringify([health]))).body).toMatchObject([{ id: 1, result: true }]);
    expect((await post(url, JSON.stringify([[health]]))).body).toMatchObject([{ error: { code: -32600 } }]);
    expect((await post(url, JSON.stringify([health, { ...health, id: [2] }]))).body).toMatchObject([
      { id: 1, result: true },
      { id: null, error: { code: -32600 } },
    ]);
    expect((await post(url, JSON.stringify([{ ...health, id: undefined }]))).status).toBe(204);
    expect((await post(url, JSON.stringify({ ...health, id: undefined }))).status).toBe(204);
    expect((await post(url, JSON.stringify(health), 'application/x-www-form-urlencoded')).body.result).toBe(
      true,
    );
  });

  test('refuses a body beyond its limit', async () => {
    const { url } = await runPrincipal({ bodyLimit: 1_000 });
    const { status, body } = await post(url, 'x'.repeat(1_001));
    expect(status).toBe(413);
    expect(body.error?.code).toBe(-32600);
  });

  test('says that a port is taken, and releases everything', async () => {
    const dataDir = await temporaryFolder();
    const { port } = await runPrincipal();
    const sealer = memorySealer();
    await expect(runPrincipal({ dataDir, sealer, port })).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
    await (await runPrincipal({ dataDir, sealer })).close();
  });

  test('closes twice', async () => {
    const principal = await runPrincipal();
    await Promise.all([principal.close(), principal.close()]);
    await expect(fetch(principal.url)).rejects.toThrow(/fetch failed/);
  });
});
