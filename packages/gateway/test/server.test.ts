import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { connect } from '@enigma-worker/client';
import { startWorker, type Worker } from '@enigma-worker/core';
import { type Gateway, startGateway, type GatewayOptions } from '@enigma-worker/gateway';
import { expect, onTestFinished, test } from 'vitest';

/** For what must come. */
const SOON = { timeout: 20_000 };

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: object;
}

function keeper() {
  const lines: Line[] = [];
  const keep = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, message, fields });
  return { lines, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
}

async function core(dataDir = folder(), bind = 'tcp://127.0.0.1:*'): Promise<Worker> {
  const worker = await startWorker({ dataDir, bind, enclave: { threads: 1 } });
  onTestFinished(() => worker.close());
  return worker;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'enigma-gateway-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function gateway(endpoint: string, options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const client = connect(endpoint, { timeout: 20_000 });
  onTestFinished(() => client.close());
  const started = await startGateway({ client, host: '127.0.0.1', port: 0, ...options });
  onTestFinished(() => started.close());
  return started;
}

async function post(url: string, content: unknown): Promise<unknown> {
  const body = JSON.stringify(content);
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return await answer.json();
}

const call = (url: string, method: string, params: object = {}): Promise<unknown> =>
  post(url, { jsonrpc: '2.0', id: 1, method, params });

const callAll = (url: string, calls: readonly (readonly [method: string, params: object])[]) =>
  post(
    url,
    calls.map(([method, params], id) => ({ jsonrpc: '2.0', id, method, params })),
  );

const deploymentParams = {
  preCode: gzipSync('no module').toString('base64'),
  encryptedArgs: 'aa',
  encryptedFn: 'bb',
  userDHKey: '02'.repeat(64),
  contractAddress: '03'.repeat(32),
};

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

test('is ready while the core answers, and tells once that it does not and once that it does again', async () => {
  const dataDir = folder();
  const log = keeper();
  const first = await core(dataDir);
  const { url } = await gateway(first.endpoint, { logger: log });
  /** What was told since this was asked last. */
  const told = (): string[] => {
    const lines = log.lines.splice(0).filter(({ level }) => level !== 'debug');
    return lines.map(({ level, message }) => `${level}: ${message}`);
  };
  const becomes = async (status: number): Promise<void> =>
    await expect.poll(() => statusOf(`${url}/ready`), SOON).toBe(status);
  await becomes(200);
  // A core on a busy machine may not have answered in time before.
  told();
  await first.close();
  await becomes(503);
  expect(await statusOf(`${url}/ready`)).toBe(503);
  expect(await statusOf(`${url}/healthcheck`)).toBe(200);
  expect(told()).toEqual(['warn: the core does not answer']);
  await core(dataDir, first.endpoint);
  await becomes(200);
  expect(told()).toEqual(['info: the core answers again']);
});

test('counts calls by method and outcome, and logs failures without what they were about', async () => {
  const log = keeper();
  const { url } = await gateway((await core()).endpoint, { logger: log, metrics: true });
  expect(await call(url, 'getInfo')).toHaveProperty('result');
  expect(await call(url, 'getTip', { address: 'c0ffee'.repeat(7) })).toHaveProperty('error.code', -32602);
  expect(await call(url, 'getTip', { address: 'c0ffee00'.repeat(8) })).toHaveProperty('error.code', -32000);
  const text = await (await fetch(`${url}/metrics`)).text();
  for (const line of [
    'enigma_gateway_requests_total{method="getInfo",outcome="OK"} 1',
    'enigma_gateway_requests_total{method="getTip",outcome="INVALID_PARAMS"} 1',
    'enigma_gateway_requests_total{method="getTip",outcome="REFUSED"} 1',
    'enigma_gateway_request_seconds_count{method="getTip"} 2',
    'enigma_gateway_core_reachable 1',
  ])
    expect(text.split('\n')).toContain(line);
  // Whether the core answered in time is no matter of calls.
  const ofCalls = log.lines.filter(({ message }) => !message.startsWith('the core'));
  expect(new Set(ofCalls.map(({ level }) => level))).toEqual(new Set(['debug']));
  expect(log.lines).toContainEqual({
    level: 'debug',
    message: 'call failed',
    fields: expect.objectContaining({ method: 'getTip', outcome: 'INVALID_PARAMS' }),
  });
});

test('warns of a task that could not be run, and shows figures only when it is to', async () => {
  const log = keeper();
  const { url } = await gateway((await core()).endpoint, { logger: log });
  expect(await statusOf(`${url}/metrics`)).toBe(404);
  const params = {
    taskId: '01'.repeat(32),
    encryptedArgs: 'aa',
    encryptedFn: 'bb',
    userDHKey: '02'.repeat(64),
    contractAddress: '03'.repeat(32),
  };
  expect(await call(url, 'sendTaskInput', params)).toHaveProperty('result.sendTaskResult', true);
  await expect
    .poll(() => log.lines, SOON)
    .toContainEqual({
      level: 'warn',
      message: 'task not run',
      fields: expect.objectContaining({ taskId: params.taskId, outcome: 'REFUSED' }),
    });
});

test('says that it listens on all addresses where it does', async () => {
  const { url } = await gateway((await core()).endpoint, { host: '0.0.0.0' });
  expect(url).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
});

test('answers what is under way when it closes, and goes on waiting for no principal', async () => {
  const log = keeper();
  const nobody = 'http://127.0.0.1:1';
  const started = await gateway((await core()).endpoint, { logger: log, principal: nobody });
  const answers = callAll(started.url, [
    ['deploySecretContract', deploymentParams],
    ['getTaskResult', { taskId: deploymentParams.contractAddress, waitMs: 30_000 }],
  ]);
  await expect
    .poll(() => log.lines, SOON)
    .toContainEqual(expect.objectContaining({ message: 'asking the principal again' }));
  await Promise.all([started.close(), started.close()]);
  expect(await answers).toMatchObject([
    { result: { sendTaskResult: true } },
    { error: { message: expect.stringContaining('given up') } },
  ]);
  expect(log.lines).toContainEqual({
    level: 'warn',
    message: 'task not run',
    fields: expect.objectContaining({ outcome: 'ABORTED' }),
  });
});

test('answers each request of a batch for itself, and of no more than a hundred', async () => {
  const { url } = await gateway((await core()).endpoint);
  const request = (id: number) => ({ jsonrpc: '2.0', id, method: 'getInfo' });
  const invalid = { id: null, error: { code: -32600 } };
  expect(await post(url, [request(1), null, [request(2)], 3])).toMatchObject([
    { id: 1, result: { status: 'ok' } },
    invalid,
    invalid,
    invalid,
  ]);
  expect(
    await post(
      url,
      Array.from({ length: 100 }, (_, id) => request(id)),
    ),
  ).toHaveLength(100);
  for (const length of [0, 101]) {
    const answer = await post(
      url,
      Array.from({ length }, (_, id) => request(id)),
    );
    expect(answer).toMatchObject(invalid);
  }
});

test('serves others while it unpacks the contracts of a batch', async () => {
  const log = keeper();
  const { url } = await gateway((await core()).endpoint, { logger: log });
  const preCode = gzipSync(Buffer.alloc(1 << 18)).toString('base64');
  const deployment = ['deploySecretContract', { ...deploymentParams, preCode }] as const;
  const ended: string[] = [];
  const batch = callAll(url, [['getTip', {}], ...Array.from({ length: 90 }, () => deployment)]).then(() =>
    ended.push('batch'),
  );
  await expect.poll(() => log.lines, { ...SOON, interval: 1 }).not.toHaveLength(0);
  const other = statusOf(`${url}/healthcheck`).then(() => ended.push('other'));
  await Promise.all([batch, other]);
  expect(ended).toEqual(['other', 'batch']);
});
