// How a ZMTP 3 connection begins, with the NULL mechanism. https://rfc.zeromq.org/spec/23/
import { decodeCommand, encodeCommand, FrameError } from './frames.js';

/** Bytes of the greeting that both sides send first. */
export const GREETING_LENGTH = 64;

const VERSION_MAJOR = 3;
const MECHANISM = { from: 12, to: 32 } as const;
/** Sockets that speak to a ROUTER. */
const PEERS: ReadonlySet<string> = new Set(['REQ', 'DEALER', 'ROUTER']);

/** Our greeting: signature, version 3.0, mechanism NULL. */
export function greeting(): Buffer {
  const bytes = Buffer.alloc(GREETING_LENGTH);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = VERSION_MAJOR;
  bytes.write('NULL', MECHANISM.from, 'latin1');
  return bytes;
}

/** Checks the peer's greeting. @throws FrameError */
export function checkGreeting(bytes: Buffer): void {
  if (bytes[0] !== 0xff || (bytes[9]! & 1) !== 1) throw new FrameError('no ZMTP greeting');
  if (bytes[10]! < VERSION_MAJOR) throw new FrameError('ZMTP older than 3.0');
  const mechanism = bytes.toString('latin1', MECHANISM.from, MECHANISM.to).replace(/\0+$/, '');
  if (mechanism !== 'NULL') throw new FrameError(`the mechanism ${JSON.stringify(mechanism)}: expected NULL`);
}

/** What we say when greetings were exchanged. */
export function ready(): Buffer {
  return encodeCommand('READY', Buffer.concat([property('Socket-Type', 'ROUTER'), property('Identity', '')]));
}

/** Checks what the peer says then. @throws FrameError when it is no socket that speaks to a ROUTER */
export function checkReady(body: Buffer): void {
  const { name, data } = decodeCommand(body);
  if (name !== 'READY') throw new FrameError('expected READY');
  const type = properties(data).get('socket-type');
  if (type === undefined || !PEERS.has(type))
    throw new FrameError('a socket that does not speak to a ROUTER');
}

function property(name: string, value: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([Buffer.of(name.length), Buffer.from(name), length, Buffer.from(value)]);
}

function properties(data: Buffer): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < data.length;) {
    const nameEnd = at + 1 + data[at]!;
    if (nameEnd + 4 > data.length) throw new FrameError('a property that is cut short');
    const valueEnd = nameEnd + 4 + data.readUInt32BE(nameEnd);
    if (valueEnd > data.length) throw new FrameError('a property that is cut short');
    found.set(
      data.toString('latin1', at + 1, nameEnd).toLowerCase(),
      data.toString('latin1', nameEnd + 4, valueEnd),
    );
    at = valueEnd;
  }
  return found;
}
