import { type Context, Reply } from 'zeromq';

/** Decides who may connect, for every socket of one ZeroMQ context (RFC 27/ZAP). */
export interface Gatekeeper {
  close(): Promise<void>;
}

const ENDPOINT = 'inproc://zeromq.zap.01';
const VERSION = '1.0';
const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/**
 * Admits peers that proved, in the CURVE handshake, to hold the secret key of an allowed public key.
 * Must be bound before the socket it guards: without a gatekeeper ZeroMQ admits everybody.
 * One for each context, hence a context for each guarded worker.
 */
export async function admitOnly(
  allowedClients: readonly string[],
  context: Context,
  denied: (publicKey: string) => void,
): Promise<Gatekeeper> {
  const allowed = new Set(allowedClients);
  const socket = new Reply({ context, linger: 0 });
  await socket.bind(ENDPOINT);
  const served = serve(socket, allowed, denied);
  return {
    async close() {
      if (!socket.closed) socket.close();
      await served;
    },
  };
}

async function serve(
  socket: Reply,
  allowed: ReadonlySet<string>,
  denied: (key: string) => void,
): Promise<void> {
  try {
    for await (const [version, requestId, , , , mechanism, credentials] of socket) {
      const key = credentials === undefined ? '' : encodeZ85(credentials);
      const admitted = String(version) === VERSION && String(mechanism) === 'CURVE' && allowed.has(key);
      if (!admitted) denied(key);
      const [status, text] = admitted ? ['200', 'OK'] : ['400', 'this key is not allowed'];
      await socket.send([VERSION, requestId ?? '', status, text, admitted ? key : '', '']);
    }
  } catch (error) {
    if (!socket.closed) throw error;
  }
}

/** Text form of a key (ZeroMQ RFC 32): each four bytes as five digits to the base 85. */
export function encodeZ85(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = '';
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const word = view.getUint32(at);
    for (let divisor = 85 ** 4; divisor >= 1; divisor /= 85) text += Z85[Math.floor(word / divisor) % 85];
  }
  return text;
}
