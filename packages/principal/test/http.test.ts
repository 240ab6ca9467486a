import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { silentLogger } from '@enigma-worker/principal';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '#http.js';
import { createMetrics } from '#metrics.js';

/** A server whose one request waits until it is let go. */
async function serve(patience: number) {
  const requests = new EventEmitter();
  const arrived = once(requests, 'arrived');
  const answered = once(requests, 'answered');
  const rpc = async (): Promise<null> => {
    requests.emit('arrived');
    await answered;
    return null;
  };
  const modules = { rpc, metrics: createMetrics(() => 0), healthy: () => true, log: silentLogger };
  const http = await listen({ host: '127.0.0.1', port: 0, bodyLimit: 1_000, patience }, modules);
  onTestFinished(() => http.close());
  const url = `http://127.0.0.1:${http.port}`;
  return { http, url, arrived, answer: () => requests.emit('answered') };
}

/** A connection over which these bytes came, and no more. */
async function send(port: number, text: string): Promise<{ closed: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  await new Promise((resolve) => socket.write(text, resolve));
  return { closed };
}

const HALVES = [
  'POST / HTTP/1.1\r\nHost: x\r\nContent-Le',
  'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"jsonrpc"',
];

test.each(HALVES)(
  'a request that was sent by half keeps a server from closing for a while only: %j',
  async (text) => {
    const { http, url } = await serve(50);
    const { closed } = await send(http.port, text);
    // The server has read it once it has answered what came after it.
    await (await fetch(`${url}/health`)).text();
    await Promise.all([http.close(), closed]);
  },
);

test('a request under way is answered before the server closes', async () => {
  const { http, url, arrived, answer } = await serve(20_000);
  const request = fetch(url, { method: 'POST', body: '{}' });
  await arrived;
  const closing = http.close();
  answer();
  expect((await request).status).toBe(204);
  await closing;
});

test('a request that is not answered does not keep a server from closing either', async () => {
  const { http, url, arrived } = await serve(50);
  const request = fetch(url, { method: 'POST', body: '{}' }).then(
    () => 'answered',
    () => 'dropped',
  );
  await arrived;
  await http.close();
  expect(await request).toBe('dropped');
});
