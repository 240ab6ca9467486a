import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const MORE = 1;
const LONG = 2;
const COMMAND = 4;
const GREETING_LENGTH = 64;

/** How ZMTP 3 begins, with the NULL mechanism. */
export function greeting(): Buffer {
  const bytes = Buffer.alloc(GREETING_LENGTH);
  bytes.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]);
  bytes.write('NULL', 12);
  return bytes;
}

/** What a DEALER socket says after that. */
export function ready(): Buffer {
  const body = Buffer.from('\u0005READY\u000bSocket-Type\0\0\0\u0006DEALER', 'latin1');
  return Buffer.concat([Buffer.of(COMMAND, body.length), body]);
}

/** One frame; `long` takes eight bytes for its length also where one would do. */
export function frame(body: Uint8Array, flags: { more?: boolean; long?: boolean } = {}): Buffer {
  const isLong = flags.long === true || body.length > 255;
  const head = Buffer.alloc(isLong ? 9 : 2);
  head[0] = (flags.more === true ? MORE : 0) | (isLong ? LONG : 0);
  if (isLong) head.writeBigUInt64BE(BigInt(body.length), 1);
  else head[1] = body.length;
  return Buffer.concat([head, body]);
}

/** One message: every frame but the last says that another follows. */
export function message(...bodies: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(bodies.map((body, at) => frame(Buffer.from(body), { more: at < bodies.length - 1 })));
}

/** The request of a DEALER peer. */
export function request(text: string | Uint8Array): Buffer {
  return message('', text);
}

/** A command of a live connection, which a peer may send between messages. */
export function ping(): Buffer {
  const body = Buffer.from('\u0004PING\0\0', 'latin1');
  return Buffer.concat([Buffer.of(COMMAND, body.length), body]);
}

/** A TCP connection to a ROUTER, of which the test writes every byte. */
export class ZmtpPeer {
  readonly socket: Socket;
  #input: Buffer = Buffer.alloc(0);
  #greeted = false;
  #frames: Buffer[] = [];
  readonly #messages: Buffer[][] = [];
  #broken = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => (this.#broken = true));
    socket.on('close', () => (this.#broken = true));
  }

  /** @param from the loopback address to come from: one alone runs out of ports when thousands come and go */
  static async connect(endpoint: string, from = '127.0.0.1'): Promise<ZmtpPeer> {
    const { hostname, port } = new URL(endpoint.replace('tcp:', 'http:'));
    const socket = connect({ host: hostname, port: Number(port), localAddress: from, noDelay: true });
    const peer = new ZmtpPeer(socket);
    await once(socket, 'connect');
    return peer;
  }

  /** Whether the connection has ended. */
  get ended(): boolean {
    return this.#broken;
  }

  /** Hands bytes to the system; waits while it takes no more. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#broken) return;
    if (!this.socket.write(bytes)) {
      await Promise.race([once(this.socket, 'drain'), once(this.socket, 'close')]).catch(() => undefined);
    }
  }

  /** Begins to read: what comes is to be had from {@link messages}. */
  read(): void {
    this.socket.on('data', (chunk: Buffer) => {
      this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
      this.#cut();
    });
  }

  /** Waits until so many messages have come, or the connection has ended; gives them, and forgets them. */
  async messages(count: number, ms = 20_000): Promise<readonly (readonly Buffer[])[]> {
    const deadline = performance.now() + ms;
    while (this.#messages.length < count && !this.#broken && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return this.#messages.splice(0);
  }

  /** Vanishes: in the middle of everything, with or without telling the other side. */
  vanish(how: 'close' | 'reset'): void {
    if (how === 'reset') this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  #cut(): void {
    if (!this.#greeted) {
      if (this.#input.length < GREETING_LENGTH) return;
      this.#input = this.#input.subarray(GREETING_LENGTH);
      this.#greeted = true;
    }
    while (this.#input.length >= 2) {
      const flags = this.#input[0]!;
      const head = flags & LONG ? 9 : 2;
      if (this.#input.length < head) return;
      const length = flags & LONG ? Number(this.#input.readBigUInt64BE(1)) : this.#input[1]!;
      if (this.#input.length < head + length) return;
      const body = this.#input.subarray(head, head + length);
      this.#input = this.#input.subarray(head + length);
      if (flags & COMMAND) continue;
      this.#frames.push(body);
      if (flags & MORE) continue;
      this.#messages.push(this.#frames);
      this.#frames = [];
    }
  }
}
