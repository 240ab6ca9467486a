import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { curveKeyPair, Dealer } from 'zeromq';
import type { Server } from '#ipc/server.js';
import { Door, serve } from './helpers.js';

const NEVER_MS = 600;
/** For what must come. */
const SOON = { timeout: 20_000 };
const core = curveKeyPair();
const [anna, ben] = [curveKeyPair(), curveKeyPair()];

let cleanup: (() => unknown)[] = [];
const denied: string[] = [];
const log = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: ({ publicKey }: { publicKey?: string }) => void denied.push(publicKey ?? ''),
  error: () => undefined,
};

beforeEach(() => void (denied.length = 0));
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

async function start(
  allowedClients: readonly string[],
  { bind = 'tcp://127.0.0.1:*', door = new Door() } = {},
): Promise<Server> {
  const server = await serve({ bind, log, curve: { secretKey: core.secretKey, allowedClients } }, door);
  cleanup.push(() => server.close());
  return server;
}

/** A socket that keeps its connection, or tries to, and can be asked again and again. */
class Peer {
  readonly #socket: Dealer;
  #handshakes = 0;

  constructor(endpoint: string, keys: typeof anna, routingId?: string) {
    this.#socket = new Dealer({
      linger: 0,
      curveServerKey: core.publicKey,
      curvePublicKey: keys.publicKey,
      curveSecretKey: keys.secretKey,
      reconnectInterval: 20,
      // Without a connection nothing can be sent at all.
      sendTimeout: NEVER_MS,
      ...(routingId !== undefined && { routingId }),
    });
    this.#socket.events.on('handshake', () => this.#handshakes++);
    this.#socket.connect(endpoint);
    cleanup.push(() => this.#socket.close());
  }

  /** Waits for its connection number `count`: what it sends before it noticed the end of the last one is lost. */
  async connected(count: number): Promise<void> {
    await expect.poll(() => this.#handshakes, SOON).toBe(count);
  }

  async tell(request: string): Promise<void> {
    await this.#socket.send(['', request]);
  }

  /** The next reply, if there is any within so many ms. */
  async hear(ms: number): Promise<string | undefined> {
    this.#socket.receiveTimeout = ms;
    try {
      return (await this.#socket.receive()).map(String).join('|');
    } catch {
      return undefined;
    }
  }

  async ask(request: string, ms = 10_000): Promise<string | undefined> {
    try {
      await this.tell(request);
    } catch {
      return undefined;
    }
    return await this.hear(ms);
  }
}

describe('a list of allowed keys that changes', () => {
  it('cuts off who is connected and no longer on it, while others go on', async () => {
    const server = await start([anna.publicKey, ben.publicKey]);
    const [a, b] = [new Peer(server.endpoint, anna), new Peer(server.endpoint, ben)];
    expect(await Promise.all([a.ask('echo 1'), b.ask('echo 2')])).toEqual(['|1', '|2']);

    expect(await server.allowClients([anna.publicKey])).toEqual({
      added: [],
      removed: [ben.publicKey],
      reconnected: true,
    });
    // Whatever it sends, on the connection it had or on one it makes anew, now or later.
    for (const request of ['echo 3', 'echo 4']) expect(await b.ask(request, NEVER_MS)).toBeUndefined();
    await expect.poll(() => denied, SOON).toEqual([ben.publicKey]);
    await a.connected(2);
    expect(await a.ask('echo 5')).toBe('|5');
    expect(await new Peer(server.endpoint, ben).ask('echo 6', NEVER_MS)).toBeUndefined();
    // However often it tries, the log says it once a minute.
    expect(denied).toEqual([ben.publicKey]);
  });

  it('lets in who was added, and disturbs nobody by that', async () => {
    const server = await start([anna.publicKey]);
    const a = new Peer(server.endpoint, anna);
    expect(await a.ask('echo 1')).toBe('|1');
    expect(await new Peer(server.endpoint, ben).ask('echo 2', NEVER_MS)).toBeUndefined();
    await a.tell('task lane 300');
    expect(await server.allowClients([anna.publicKey, ben.publicKey])).toEqual({
      added: [ben.publicKey],
      removed: [],
      reconnected: false,
    });
    expect(await new Peer(server.endpoint, ben).ask('echo 3')).toBe('|3');
    expect(await a.hear(10_000)).toBe('|done lane 300');
  });

  it('ends no connection for a key by which nobody came', async () => {
    const server = await start([anna.publicKey, ben.publicKey]);
    const a = new Peer(server.endpoint, anna);
    await a.ask('echo 1');
    expect(await server.allowClients([anna.publicKey])).toMatchObject({ reconnected: false });
    expect(await server.allowClients([anna.publicKey, ben.publicKey])).toMatchObject({ reconnected: false });
    expect(await a.ask('echo 2')).toBe('|2');
  });

  it('answers what was taken before it ends connections', async () => {
    const door = new Door();
    const server = await start([anna.publicKey, ben.publicKey], { door });
    const [a, b] = [new Peer(server.endpoint, anna), new Peer(server.endpoint, ben)];
    await Promise.all([a.ask('echo 1'), b.ask('echo 1')]);
    await a.tell('task lane door');
    await expect.poll(() => server.stats().tasks, SOON).toBe(1);
    const change = server.allowClients([anna.publicKey]);
    door.open();
    expect(await a.hear(10_000)).toBe('|done lane door');
    await change;
    await a.connected(2);
    expect(await a.ask('echo 2')).toBe('|2');
  });

  it('never gives a reply of an ended connection to a later one of the same name', async () => {
    const door = new Door();
    const server = await start([anna.publicKey, ben.publicKey], { door });
    const a = new Peer(server.endpoint, anna, 'the same');
    await Promise.all([a.ask('echo 1'), new Peer(server.endpoint, ben).ask('echo 1')]);
    await a.tell('task lane door');
    await expect.poll(() => server.stats().tasks, SOON).toBe(1);
    // Connections wait for their replies, but not for ever.
    await server.allowClients([anna.publicKey]);
    await a.connected(2);
    expect(await a.ask('echo 2')).toBe('|2');
    door.open();
    await expect.poll(() => server.stats().tasks, SOON).toBe(0);
    expect(await a.hear(300)).toBeUndefined();
    expect(await a.ask('echo 3')).toBe('|3');
  });

  it('may change again and again, several times at once, also over a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'enigma-allow-'));
    cleanup.push(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'core.ipc');
    const server = await start([anna.publicKey, ben.publicKey], { bind: `ipc://${path}` });
    const b = new Peer(server.endpoint, ben);
    for (let round = 0; round < 10; round++) {
      // Should it try in the moment in which it may not, a peer of libzmq does not try again.
      const a = new Peer(server.endpoint, anna);
      await b.connected(round + 1);
      expect(await Promise.all([a.ask('echo 1'), b.ask('echo 1')])).toEqual(['|1', '|1']);
      await Promise.all([
        server.allowClients([ben.publicKey]),
        server.allowClients([anna.publicKey, ben.publicKey]),
      ]);
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    const last = server.allowClients([]);
    await server.close();
    expect(await last).toMatchObject({ removed: [anna.publicKey, ben.publicKey] });
  });

  it('is refused when it holds something else than keys, or when no keys are asked for', async () => {
    const server = await start([anna.publicKey]);
    const a = new Peer(server.endpoint, anna);
    await a.ask('echo 1');
    await expect(server.allowClients([ben.publicKey, 'short'])).rejects.toMatchObject({
      code: 'BAD_CURVE_KEY',
    });
    expect(await a.ask('echo 2')).toBe('|2');
    const plain = await serve();
    cleanup.push(() => plain.close());
    await expect(plain.allowClients([anna.publicKey])).rejects.toMatchObject({ code: 'NO_CURVE' });
  });
});
