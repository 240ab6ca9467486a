import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import { type Logger, startWorker, type Worker, type WorkerOptions } from '@enigma-worker/core';
import { afterEach, describe, expect, it } from 'vitest';
import { curveKeyPair, Request } from 'zeromq';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'enigma-worker-'));
  cleanup.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function start(options: Partial<WorkerOptions> = {}, log?: Logger): Promise<Worker> {
  const worker = await startWorker(
    { dataDir: folder(), port: 0, ...options },
    log === undefined ? {} : { log },
  );
  cleanup.push(() => worker.close());
  return worker;
}

async function ask(endpoint: string, message: object, options = {}): Promise<Record<string, unknown>> {
  const socket = new Request({ linger: 0, receiveTimeout: 20_000, ...options });
  try {
    socket.connect(endpoint);
    await socket.send(JSON.stringify({ id: 1, ...message }));
    return JSON.parse(String((await socket.receive())[0])) as Record<string, unknown>;
  } finally {
    socket.close();
  }
}

/** Keeps what it is told. */
function keeper(): Logger & { lines: string[]; errors: string[] } {
  const lines: string[] = [];
  const errors: string[] = [];
  const keep = (fields: object, message: string): void =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  const error = (fields: object, message: string): void => {
    keep(fields, message);
    errors.push(lines.at(-1)!);
  };
  return { lines, errors, trace: keep, debug: keep, info: keep, warn: keep, error };
}

describe('a worker', () => {
  it('makes its folder for itself only, and keeps its identity', async () => {
    const dataDir = join(folder(), 'new');
    const first = await start({ dataDir });
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const { signingAddress } = first;
    await first.close();
    await first.close();
    const second = await start({ dataDir });
    expect(second.signingAddress).toEqual(signingAddress);
  });

  it('says what it does not protect from', async () => {
    const log = keeper();
    await start({}, log);
    expect(log.lines.join('\n')).toMatch(/sealing in simulation/);
    expect(log.lines.join('\n')).toMatch(/attestation in simulation/);
    expect(log.lines.join('\n')).toMatch(/no principal address/);
  });

  it('tells of damage and of a full disk, whoever caused it, but not with every request', async () => {
    const dataDir = folder();
    const delta = randomBytes(500);
    const address = toHex(randomBytes(32));
    const store = (worker: Worker, key: number, data: Uint8Array) =>
      ask(worker.endpoint, {
        type: 'UpdateDeltas',
        deltas: [{ address, key, data: Array.from(data) }],
      });
    const first = await start({ dataDir });
    await store(first, 0, delta);
    await first.close();
    const path = join(dataDir, 'store', 'data.mdb');
    const file = readFileSync(path);
    for (let at = file.indexOf(delta); at >= 0; at = file.indexOf(delta, at + 1)) file[at]! ^= 1;
    writeFileSync(path, file);

    const log = keeper();
    const second = await start({ dataDir, http: { port: 0 } }, log);
    const replies = await Promise.all(
      Array.from({ length: 5 }, () =>
        ask(second.endpoint, { type: 'GetDelta', input: [{ address, key: 0 }] }),
      ),
    );
    for (const { msg } of replies) expect(msg).toMatch(/^the store is damaged: the value of deltas /);
    const told = log.errors.filter((line) => line.includes('"code":"CORRUPT"'));
    expect(told.length).toBeGreaterThanOrEqual(1);
    expect(told.length).toBeLessThan(5);
    expect(told[0]).toMatch(
      /^request failed: .*"type":"GetDelta","id":"1","reason":"the store is damaged: the value of deltas /,
    );
    const metrics = await (await fetch(`${second.httpUrl}/metrics`)).text();
    expect(metrics).toMatch(/^enigma_failures_total\{code="CORRUPT"\} 5$/m);
    expect(metrics).toMatch(/^enigma_failures_total\{code="DISK_FULL"\} 0$/m);

    const small = keeper();
    const third = await start({ storeInMemory: { bytes: 2 << 20, folder: folder() } }, small);
    await store(third, 0, randomBytes(3 << 20));
    expect(small.errors).toEqual([expect.stringMatching(/"type":"UpdateDeltas".*"code":"DISK_FULL"/)]);
  });

  it('leaves nothing open when it cannot start', async () => {
    const other = await start();
    const dataDir = folder();
    await expect(startWorker({ dataDir, bind: other.endpoint })).rejects.toMatchObject({
      code: 'ENDPOINT_IN_USE',
    });
    await expect(startWorker({ dataDir, bind: 'tcp://0.0.0.0:0' })).rejects.toMatchObject({
      code: 'INSECURE_BIND',
    });
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    cleanup.push(() => busy.close());
    const { port } = busy.address() as { port: number };
    await expect(startWorker({ dataDir, port: 0, http: { port } })).rejects.toMatchObject({
      code: 'HTTP_UNAVAILABLE',
    });
    await start({ dataDir });
  });

  it('does not share its folder', async () => {
    const dataDir = folder();
    await start({ dataDir });
    await expect(startWorker({ dataDir, port: 0 })).rejects.toMatchObject({ code: 'LOCKED' });
  });

  it('lives beside another one in the same process', async () => {
    const workers = [await start(), await start()];
    for (const worker of workers) {
      expect(await ask(worker.endpoint, { type: 'GetAllAddrs' })).toMatchObject({
        result: { addresses: [] },
      });
    }
  });

  it('serves allowed CURVE keys and nobody else', async () => {
    const [server, friend, stranger] = [curveKeyPair(), curveKeyPair(), curveKeyPair()];
    const log = keeper();
    const curve = { secretKey: server.secretKey, allowedClients: [friend.publicKey] };
    const { endpoint } = await start({ curve, bind: 'tcp://0.0.0.0:*' }, log);
    const local = endpoint.replace('0.0.0.0', '127.0.0.1');
    const as = ({ publicKey, secretKey }: typeof friend) => ({
      curveServerKey: server.publicKey,
      curvePublicKey: publicKey,
      curveSecretKey: secretKey,
    });
    expect(await ask(local, { type: 'GetAllAddrs' }, as(friend))).toHaveProperty('result');
    for (const options of [as(stranger), {}])
      await expect(
        ask(local, { type: 'GetAllAddrs' }, { ...options, receiveTimeout: 500 }),
      ).rejects.toThrow();
    const isTold = (line: string): boolean =>
      line.includes('turned away') && line.includes(stranger.publicKey);
    await expect.poll(() => log.lines.some(isTold), { timeout: 20_000 }).toBe(true);
    expect(log.lines.join('\n')).not.toContain(server.secretKey);
  });
});

describe('the view from outside', () => {
  it('shows metrics, health and readiness', async () => {
    const worker = await start({ http: { port: 0 } });
    await ask(worker.endpoint, { type: 'GetAllAddrs' });
    await ask(worker.endpoint, { type: 'GetTip', input: 'ab'.repeat(32) });
    await ask(worker.endpoint, { type: 'Nonsense' });
    const get = (path: string): Promise<Response> => fetch(`${worker.httpUrl}${path}`);
    const text = await (await get('/metrics')).text();
    for (const figure of [
      'enigma_requests_total{type="GetAllAddrs",outcome="result"} 1',
      'enigma_requests_total{type="GetTip",outcome="error"} 1',
      'enigma_requests_total{type="unknown",outcome="error"} 1',
      'enigma_request_seconds_count{type="GetAllAddrs"} 1',
      'enigma_tasks_pending 0',
    ]) {
      expect(text).toContain(figure);
    }
    expect(text).toMatch(/enigma_executors [1-9]/);
    expect(text).toMatch(/enigma_store_bytes [1-9]/);
    expect(text).toMatch(/process_resident_memory_bytes [1-9]/);
    expect([(await get('/health')).status, (await get('/ready')).status]).toEqual([200, 200]);
    expect((await get('/elsewhere')).status).toBe(404);
    expect((await fetch(`${worker.httpUrl}/metrics`, { method: 'POST', body: 'x' })).status).toBe(404);
  });

  it('answers some of the requests that come in one packet, and refuses the others', async () => {
    const worker = await start({ http: { port: 0 } });
    const socket = connect(Number(new URL(worker.httpUrl!).port), '127.0.0.1');
    cleanup.push(() => socket.destroy());
    let answers = '';
    socket.on('data', (chunk: Buffer) => (answers += chunk.toString()));
    socket.write('GET /metrics HTTP/1.1\r\nHost: core\r\n\r\n'.repeat(1000));
    const count = (status: number): number => answers.split(`HTTP/1.1 ${status} `).length - 1;
    await expect.poll(() => count(200) + count(503), { timeout: 60_000 }).toBe(1000);
    expect(count(200)).toBe(100);
  });

  it('holds no more connections than leave room for peers', async () => {
    const worker = await start({ http: { port: 0 } });
    const port = Number(new URL(worker.httpUrl!).port);
    let refused = 0;
    const sockets = Array.from({ length: 150 }, () => connect(port, '127.0.0.1').resume());
    for (const socket of sockets) socket.on('error', () => undefined).on('close', () => refused++);
    cleanup.push(() => sockets.forEach((socket) => socket.destroy()));
    await expect.poll(() => refused, { timeout: 60_000 }).toBe(50);
    expect(await ask(worker.endpoint, { type: 'GetAllAddrs' })).toHaveProperty('result');
    for (const socket of sockets) socket.destroy();
    const health = async (): Promise<number> => {
      const answer = await fetch(`${worker.httpUrl}/health`).catch(() => undefined);
      return answer?.status ?? 0;
    };
    await expect.poll(health, { timeout: 60_000 }).toBe(200);
  });

  it('says that it listens on all addresses where it does', async () => {
    const worker = await start({ http: { host: '0.0.0.0', port: 0 } });
    expect(worker.httpUrl).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
  });

  it('is not there unless it was asked for', async () => {
    expect((await start()).httpUrl).toBeUndefined();
  });
});
