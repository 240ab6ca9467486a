import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the relay does to an answer before it passes it on. */
export type Tamper = (body: string) => string;

const unchanged: Tamper = (body) => body;

/**
 * Stands between a worker's network side and the principal: keeps a copy of everything, and alters what
 * it is told to alter.
 */
export class HostileRelay {
  /** Every body that went through it, in both directions. */
  readonly seen: string[] = [];
  tamperRequest: Tamper = unchanged;
  tamperAnswer: Tamper = unchanged;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(principalUrl: string): Promise<HostileRelay> {
    const server = createServer((request, response) => {
      void relay.#pass(request, principalUrl).then((body) => response.end(body));
    });
    const relay = new HostileRelay(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #pass(request: IncomingMessage, principalUrl: string): Promise<string> {
    let body = '';
    for await (const part of request) body += String(part);
    const forwarded = this.tamperRequest(body);
    const response = await fetch(principalUrl, { method: 'POST', body: forwarded });
    const answer = await response.text();
    this.seen.push(body, answer);
    return this.tamperAnswer(answer);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
