// Frames of ZMTP 3: a byte of flags, a length of one byte or eight, a body. https://rfc.zeromq.org/spec/23/
import { TOO_LONG } from '../transport.js';

/** Bits of a frame's first byte. */
const MORE = 1;
const LONG = 2;
const COMMAND = 4;
const RESERVED = 0xf8;

/** Bodies up to this size are copied next to their header; larger ones are written as they are. */
const COPIED = 16 * 1024;
const CRUMBS = 4096;
/** A body of more times the limit than this is not even passed over. */
const FAR_TOO_LONG = 16;
const EMPTY = Buffer.alloc(0);

/** A frame that breaks the protocol or a limit: the connection cannot go on. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly code = 'BAD_FRAME';
}

/** One frame as it came; a body beyond the limit is {@link TOO_LONG}. */
export interface Frame {
  readonly isCommand: boolean;
  /** Whether the message goes on with another frame. */
  readonly more: boolean;
  readonly body: Buffer;
}

/**
 * Cuts a stream of bytes into frames. Memory is taken for what has come, not for what was announced.
 */
export class FrameReader {
  readonly #maxBody: number;
  #chunks: Buffer[] = [];
  /** Bytes in the chunks, from `#at` of the first on. */
  #length = 0;
  #at = 0;
  /** A frame whose body is passed over, and how much of it is still to come. */
  #passing: { readonly frame: Frame; left: number } | undefined;

  /** @param maxBody bytes of the longest body */
  constructor(maxBody: number) {
    this.#maxBody = maxBody;
  }

  /** Bytes that have come and were not given yet. */
  get length(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    const last = this.#chunks.at(-1);
    // Crumbs are put together, or a peer that sends byte by byte would cost a hundred times what it sends.
    if (last !== undefined && last.length + chunk.length <= CRUMBS) {
      this.#chunks[this.#chunks.length - 1] = Buffer.concat([last, chunk]);
    } else {
      this.#chunks.push(chunk);
    }
    this.#length += chunk.length;
  }

  /** So many bytes as they are, undefined when they are not there yet. */
  bytes(count: number): Buffer | undefined {
    return this.#length < count ? undefined : this.#take(count);
  }

  /**
   * The next frame, undefined when it is not there yet.
   * @throws FrameError
   */
  next(): Frame | undefined {
    if (this.#passing !== undefined) return this.#pass(this.#passing);
    if (this.#length < 2) return undefined;
    const flags = this.#peek(0);
    if ((flags & RESERVED) !== 0) throw new FrameError('reserved flags are set');
    const isLong = (flags & LONG) !== 0;
    const header = isLong ? 9 : 2;
    if (this.#length < header) return undefined;
    const size = isLong ? this.#longSize() : this.#peek(1);
    const [isCommand, more] = [(flags & COMMAND) !== 0, (flags & MORE) !== 0];
    if (size > this.#maxBody) {
      if (isCommand || size > FAR_TOO_LONG * this.#maxBody)
        throw new FrameError(`a frame of ${size} bytes: at most ${this.#maxBody} are taken`);
      this.#skip(header);
      this.#passing = { frame: { isCommand, more, body: TOO_LONG }, left: size };
      return this.#pass(this.#passing);
    }
    if (this.#length < header + size) return undefined;
    this.#skip(header);
    const body = this.#take(size);
    // What others follow is kept until they are there, and may stand before a reply for as long as that takes.
    return { isCommand, more, body: more ? ofItsOwn(body) : body };
  }

  #pass(passing: { readonly frame: Frame; left: number }): Frame | undefined {
    const count = Math.min(passing.left, this.#length);
    this.#skip(count);
    passing.left -= count;
    if (passing.left > 0) return undefined;
    this.#passing = undefined;
    return passing.frame;
  }

  #longSize(): number {
    let size = 0;
    for (let at = 1; at < 9; at++) size = size * 256 + this.#peek(at);
    return size;
  }

  #peek(offset: number): number {
    let at = this.#at + offset;
    for (const chunk of this.#chunks) {
      if (at < chunk.length) return chunk[at]!;
      at -= chunk.length;
    }
    throw new RangeError('peeked beyond what has come');
  }

  #skip(count: number): void {
    this.#length -= count;
    this.#at += count;
    while (this.#chunks.length > 0 && this.#at >= this.#chunks[0]!.length) {
      this.#at -= this.#chunks[0]!.length;
      this.#chunks.shift();
    }
  }

  #take(count: number): Buffer {
    if (count === 0) return EMPTY;
    const from = this.#at;
    const first = this.#chunks[0]!;
    let body: Buffer;
    if (from + count <= first.length) {
      body = first.subarray(from, from + count);
    } else {
      // No more than the body: what comes behind it would keep all of it in memory.
      body = Buffer.allocUnsafeSlow(count);
      let filled = first.copy(body, 0, from);
      for (let next = 1; filled < count; next++) filled += this.#chunks[next]!.copy(body, filled);
    }
    this.#skip(count);
    return body;
  }
}

/** The same bytes; a copy of them if they would keep many others in memory. */
function ofItsOwn(body: Buffer): Buffer {
  if (body.buffer.byteLength <= 2 * body.length) return body;
  const copy = Buffer.allocUnsafeSlow(body.length);
  body.copy(copy);
  return copy;
}

/** The bytes of a message; long bodies are not copied. */
export function encodeMessage(bodies: readonly Uint8Array[]): Buffer[] {
  const parts: Buffer[] = [];
  let small: { flags: number; body: Uint8Array }[] = [];
  for (const [index, body] of bodies.entries()) {
    const flags = index < bodies.length - 1 ? MORE : 0;
    if (body.length <= COPIED) {
      small.push({ flags, body });
      continue;
    }
    parts.push(join(small, headerOf(flags, body.length)), view(body));
    small = [];
  }
  if (small.length > 0) parts.push(join(small, Buffer.alloc(0)));
  return parts;
}

/** The bytes of a command. */
export function encodeCommand(name: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.of(name.length), Buffer.from(name), data]);
  return Buffer.concat([headerOf(COMMAND, body.length), body]);
}

/** Name and data of a command. @throws FrameError */
export function decodeCommand(body: Buffer): { name: string; data: Buffer } {
  const length = body[0] ?? 0;
  if (body.length < 1 + length) throw new FrameError('a command without a name');
  return { name: body.toString('latin1', 1, 1 + length), data: body.subarray(1 + length) };
}

function join(frames: readonly { flags: number; body: Uint8Array }[], tail: Uint8Array): Buffer {
  let size = tail.length;
  for (const { body } of frames) size += body.length + (body.length < 256 ? 2 : 9);
  const joined = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { flags, body } of frames) {
    at = writeHeader(joined, at, flags, body.length);
    joined.set(body, at);
    at += body.length;
  }
  joined.set(tail, at);
  return joined;
}

function headerOf(flags: number, size: number): Buffer {
  const header = Buffer.allocUnsafe(size < 256 ? 2 : 9);
  writeHeader(header, 0, flags, size);
  return header;
}

function writeHeader(target: Buffer, at: number, flags: number, size: number): number {
  if (size < 256) {
    target[at] = flags;
    target[at + 1] = size;
    return at + 2;
  }
  target[at] = flags | LONG;
  target.writeUInt32BE(Math.floor(size / 2 ** 32), at + 1);
  target.writeUInt32BE(size >>> 0, at + 5);
  return at + 9;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
