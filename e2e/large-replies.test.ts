import { connect as dial } from 'node:net';
import { connect } from '@enigma-worker/client';
import { startGateway, type Gateway, type GatewayLimits } from '@enigma-worker/gateway';
import { startTestWorker, type TestWorker } from '@enigma-worker/local';
import { createClient, deployContract } from '@enigma-worker/sdk';
import loadWabt from 'wabt';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

const MIB = 1 << 20;
const address = 'ab'.repeat(32);
/** For what must come. */
const SOON = { timeout: 20_000, interval: 50 };

let local: TestWorker;
/** Characters of the contract's code, as a gateway tells it. */
let length: number;

beforeAll(async () => {
  local = await startTestWorker();
  await local.network.provision(address);
  const client = createClient({ transport: await local.network.transport() });
  const deployment = await deployContract(client, { bytecode: await longContract(), address });
  await client.close();
  length = 2 * deployment.exeCode.length;
  expect(length).toBeGreaterThan(2 * MIB);
}, 60_000);

afterAll(() => local.close());

/** A contract whose code is long: what is never called would not be kept. */
async function longContract(): Promise<Uint8Array> {
  const wabt = await loadWabt();
  const body = '(drop (i64.const -0x7123456789abcdef))'.repeat(10_000);
  const names = Array.from({ length: 10 }, (_, i) => `$f${i}`);
  const source = `(module (memory 17)
    ${names.map((name) => `(func ${name} ${body})`).join('')}
    (func (export "deploy"))
    (func (export "call") ${names.map((name) => `(call ${name})`).join('')}))`;
  return new Uint8Array(wabt.parseWat('long', source).toBinary({}).buffer);
}

async function gateway(limits: Partial<GatewayLimits>): Promise<Gateway> {
  const client = connect(local.network.endpoint);
  const started = await startGateway({ client, host: '127.0.0.1', port: 0, limits });
  onTestFinished(async () => {
    await started.close();
    await client.close();
  });
  return started;
}

/** So many questions for the contract in one body. */
const questions = (count: number): string =>
  JSON.stringify(
    Array.from({ length: count }, (_, id) => ({
      jsonrpc: '2.0',
      id,
      method: 'getContract',
      params: { address },
    })),
  );

interface Answer {
  readonly result?: { readonly bytecode: string };
  readonly error?: { readonly code: number; readonly message: string };
}

async function ask(url: string, count: number): Promise<readonly Answer[]> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: questions(count) });
  return (await answer.json()) as Answer[];
}

const isWhole = ({ result }: Answer): boolean => result?.bytecode.length === length;

test('a batch gets as many large replies as there is room for, and errors in place of the others', async () => {
  const { url } = await gateway({ replies: 3.5 * length });
  const answers = await ask(url, 10);
  expect(answers.filter(isWhole)).toHaveLength(3);
  const refused = answers.filter(({ error }) => error !== undefined);
  expect(refused).toHaveLength(7);
  expect(refused[0]!.error).toMatchObject({
    code: -32000,
    message: expect.stringContaining('too many large replies'),
  });
  // There is room again once these have left.
  await expect.poll(async () => (await ask(url, 3)).filter(isWhole).length, SOON).toBe(3);
});

test('who does not read a reply is left, and gives back the room that it takes', async () => {
  const { url } = await gateway({ replies: 16.5 * length, unread: 500 });
  const body = questions(16);
  const lazy = dial(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void lazy.destroy());
  lazy.on('error', () => undefined);
  lazy.write(
    `POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  // What comes first tells that all of it is there.
  await new Promise<void>((resolve) => {
    lazy.once('data', () => {
      lazy.pause();
      resolve();
    });
  });
  await expect.poll(async () => (await ask(url, 2)).filter(isWhole).length, SOON).toBe(2);
});
