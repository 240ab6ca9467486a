import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from '@enigma-worker/crypto';
import { fetchStateKeys, registerWithPrincipal } from '@enigma-worker/principal';
import { expect, onTestFinished, test } from 'vitest';

const query = { request: randomBytes(10), workerSig: randomBytes(65) };
const fast = { firstPause: 1, longestPause: 5 };
const result = { data: '00', sig: '00'.repeat(65) };

/** An answer with the status 503. */
class Unavailable {
  readonly content: unknown;

  constructor(content: unknown) {
    this.content = content;
  }
}

const asText = (content: unknown): string =>
  typeof content === 'string' ? content : JSON.stringify(content);

/** A server that answers each request with the next of the given answers, the last one again and again. */
async function serve(
  ...answers: readonly ((id: string) => unknown)[]
): Promise<{ url: string; count: () => number }> {
  let count = 0;
  const answer: RequestListener = (request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const { id } = JSON.parse(body) as { id: string };
      const content = (answers[count] ?? answers.at(-1)!)(id);
      count++;
      if (content === undefined) request.socket.destroy();
      else if (content instanceof Unavailable) response.writeHead(503).end(asText(content.content));
      else response.end(asText(content));
    });
  };
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, count: () => count };
}

const ok = (id: string) => ({ jsonrpc: '2.0', id, result });
const refuse = (code: number) => (id: string) => ({ jsonrpc: '2.0', id, error: { code, message: 'no' } });
const broken = () => undefined;
const unavailable = (content: unknown) => () => new Unavailable(content);

test('tries again after -32002 and after a broken connection', async () => {
  const { url, count } = await serve(refuse(-32002), broken, ok);
  const retried: string[] = [];
  await fetchStateKeys(url, query, { ...fast, onRetry: (_attempt, { code }) => retried.push(code) });
  expect(count()).toBe(3);
  expect(retried).toEqual(['ILLEGAL_STATE', 'TRANSPORT']);
});

test('tries again while a proxy, or a principal that stops, says that nobody can answer', async () => {
  const stopping = { error: 'Service Unavailable', message: 'Service Unavailable', statusCode: 503 };
  const { url, count } = await serve(
    unavailable('<html>Service Unavailable</html>'),
    unavailable(stopping),
    ok,
  );
  const retried: string[] = [];
  await fetchStateKeys(url, query, { ...fast, onRetry: (_attempt, { message }) => retried.push(message) });
  expect(count()).toBe(3);
  expect(retried).toEqual([`principal ${url}: HTTP 503`, `principal ${url}: HTTP 503`]);
});

test('takes an error of JSON-RPC for a refusal, whatever the status', async () => {
  const { url, count } = await serve((id) => unavailable(refuse(-32603)(id))());
  await expect(fetchStateKeys(url, query, fast)).rejects.toMatchObject({ code: 'REFUSED' });
  expect(count()).toBe(1);
});

test('gives up after the retries', async () => {
  const { url, count } = await serve(refuse(-32002));
  await expect(fetchStateKeys(url, query, { ...fast, retries: 2 })).rejects.toMatchObject({
    code: 'ILLEGAL_STATE',
  });
  expect(count()).toBe(3);
});

test.each([
  '127.0.0.1:3040',
  'localhost:3040',
  'ftp://127.0.0.1',
  'http://',
  'http://user:secret@127.0.0.1',
  '',
])('does not try what is no address: %j', async (url) => {
  const retried: number[] = [];
  const options = { ...fast, onRetry: (attempt: number) => retried.push(attempt) };
  const error = await fetchStateKeys(url, query, options).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'BAD_URL' });
  expect(String(error)).not.toContain('secret');
  expect(retried).toEqual([]);
});

test('says of a principal that knows no registration that it admits nobody by attestation', async () => {
  const { url, count } = await serve(refuse(-32601));
  const registration = { signingKey: randomBytes(20), report: randomBytes(9), signature: randomBytes(65) };
  await expect(registerWithPrincipal(url, registration, fast)).rejects.toMatchObject({
    code: 'NO_REGISTRATION',
    rpcCode: -32601,
    message: expect.stringMatching(/does not admit workers by their attestation.*--policy-file/),
  });
  expect(count()).toBe(1);
});

test.each([
  [-32001, 'NOT_AUTHORISED'],
  [-32602, 'REFUSED'],
  [-32603, 'REFUSED'],
])('takes %i as final', async (rpcCode, code) => {
  const { url, count } = await serve(refuse(rpcCode));
  await expect(fetchStateKeys(url, query, fast)).rejects.toMatchObject({ code, rpcCode });
  expect(count()).toBe(1);
});

test.each([
  ['no JSON', () => 'hello'],
  ['null', () => 'null'],
  ['an answer to another request', () => ok('other')],
  ['a result of another shape', (id: string) => ({ jsonrpc: '2.0', id, result: { data: 1 } })],
])('refuses %s', async (_name, answer) => {
  const { url } = await serve(answer);
  await expect(fetchStateKeys(url, query, fast)).rejects.toMatchObject({ code: 'ANSWER_MALFORMED' });
});

test('ends at its signal, also in a pause', async () => {
  const { url } = await serve(refuse(-32002));
  const signal = AbortSignal.timeout(50);
  await expect(fetchStateKeys(url, query, { firstPause: 60_000, signal })).rejects.toMatchObject({
    code: 'ABORTED',
  });
});

test('says that nobody listens', async () => {
  await expect(fetchStateKeys('http://127.0.0.1:1', query, { retries: 0 })).rejects.toMatchObject({
    code: 'TRANSPORT',
  });
});
