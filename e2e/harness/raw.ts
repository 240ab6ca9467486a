import { Dealer, Request } from 'zeromq';

/** A reply as it stands on the wire. */
export type WireReply = Record<string, unknown> & { readonly result?: Record<string, unknown> };

/** A plain REQ socket, as any peer may have: texts out, parsed JSON in. */
export class RawPeer {
  readonly #socket: Request;
  #id = 0;

  constructor(endpoint: string) {
    this.#socket = new Request({ linger: 0, receiveTimeout: 20_000 });
    this.#socket.connect(endpoint);
  }

  /** Sends frames as they are. */
  async frames(...parts: (string | Uint8Array)[]): Promise<Buffer[]> {
    await this.#socket.send(parts.map((part) => Buffer.from(part)));
    return this.#socket.receive();
  }

  /** Sends one message with fields as given, adding an id if there is none. */
  async send(message: Record<string, unknown>): Promise<WireReply> {
    const replies = await this.frames(JSON.stringify({ id: `raw-${this.#id++}`, ...message }));
    if (replies.length !== 1) throw new Error(`expected one reply part, got ${replies.length}`);
    return JSON.parse(String(replies[0])) as WireReply;
  }

  close(): void {
    if (!this.#socket.closed) this.#socket.close();
  }
}

/** Sends a message to a fresh DEALER socket, with whatever envelope, and collects what comes back, until nothing more does for `ms`. */
export async function whatComesBack(
  endpoint: string,
  frames: (string | Uint8Array)[],
  ms: number,
): Promise<Buffer[][]> {
  const socket = new Dealer({ linger: 0, receiveTimeout: 20_000 });
  socket.connect(endpoint);
  const replies: Buffer[][] = [];
  try {
    await socket.send(frames.map((frame) => Buffer.from(frame)));
    for (;;) {
      replies.push(await socket.receive());
      socket.receiveTimeout = ms;
    }
  } catch (error) {
    if ((error as { code?: string }).code !== 'EAGAIN') throw error;
    return replies;
  } finally {
    socket.close();
  }
}
