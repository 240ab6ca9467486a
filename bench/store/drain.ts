// Peers in lockstep that count the bytes of replies and throw them away, in a process of their own. Libraries of
// ZeroMQ copy a large message once or twice before anybody sees it: with one, the figure would be about the peer.
import { connect } from 'node:net';

/** What to ask, and for how long. */
export interface Drain {
  readonly endpoint: string;
  readonly request: Uint8Array;
  readonly peers: number;
  readonly ms: number;
}

/** What came. */
export interface Drained {
  readonly replies: number;
  readonly seconds: number;
}

const MORE = 1;
const LONG = 2;
const COMMAND = 4;
const GREETING = 64;
/** A reply that is shorter says that something went wrong. */
const SHORTEST = 4096;

process.on('message', (drain: Drain) => {
  run(drain).then(
    (drained) => process.send?.(drained),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run(drain: Drain): Promise<Drained> {
  const began = performance.now();
  const end = began + drain.ms;
  const counts = await Promise.all(Array.from({ length: drain.peers }, () => peer(drain, end)));
  return {
    replies: counts.reduce((sum, count) => sum + count, 0),
    seconds: (performance.now() - began) / 1000,
  };
}

/** A REQ socket as ZMTP 3 has it, as far as it is needed; how many replies it got until `end`. */
function peer({ endpoint, request }: Drain, end: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(endpoint.replace('tcp:', 'http:'));
    const asked = Buffer.concat([frame(MORE, new Uint8Array()), frame(0, request)]);
    let replies = 0;
    // The greeting is a frame without a header.
    let left = GREETING;
    let size = GREETING;
    let flags = COMMAND;
    let isGreeted = false;
    const header: number[] = [];

    const frameEnded = (): void => {
      if (!isGreeted) {
        isGreeted = true;
        socket.write(readyCommand());
      } else if ((flags & COMMAND) !== 0) {
        socket.write(asked);
      } else if ((flags & MORE) === 0) {
        if (size < SHORTEST) return void socket.destroy(new Error(`a reply of ${size} bytes`));
        replies++;
        if (performance.now() < end) socket.write(asked);
        else socket.end(() => resolve(replies));
      }
    };
    const take = (bytes: Uint8Array, count: number): void => {
      for (let at = 0; at < count;) {
        if (left > 0) {
          const taken = Math.min(left, count - at);
          at += taken;
          left -= taken;
        } else {
          header.push(bytes[at++]!);
          flags = header[0]!;
          if (header.length < ((flags & LONG) !== 0 ? 9 : 2)) continue;
          size = header.splice(0).reduce((sum, byte, i) => (i === 0 ? 0 : sum * 256 + byte), 0);
          left = size;
        }
        if (left === 0) frameEnded();
      }
    };
    const onread = {
      buffer: Buffer.alloc(1 << 20),
      callback(count: number, bytes: Uint8Array): boolean {
        take(bytes, count);
        return true;
      },
    };
    const socket = connect({ host: hostname, port: Number(port), noDelay: true, onread });
    socket.on('error', reject);
    const greeting = Buffer.alloc(GREETING);
    greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0]);
    greeting.write('NULL', 12, 'latin1');
    socket.write(greeting);
  });
}

function readyCommand(): Buffer {
  const property = Buffer.from('\x0bSocket-Type\0\0\0\x03REQ', 'latin1');
  return frame(COMMAND, Buffer.concat([Buffer.from('\x05READY', 'latin1'), property]));
}

function frame(flags: number, body: Uint8Array): Buffer {
  if (body.length < 256) return Buffer.concat([Buffer.of(flags, body.length), body]);
  const header = Buffer.alloc(9);
  header[0] = flags | LONG;
  header.writeUInt32BE(body.length, 5);
  return Buffer.concat([header, body]);
}
