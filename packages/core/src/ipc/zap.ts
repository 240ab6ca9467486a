import { type Context, Reply } from 'zeromq';

/** Decides who may connect, for every socket of one ZeroMQ context (RFC 27/ZAP). */
export interface Gatekeeper {
  /**
   * Admits these keys from now on, and no others.
   * @returns what that changes, and whether a peer was admitted by a key that no longer is
   */
  allow(clients: readonly string[]): {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly wereAdmitted: boolean;
  };
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
  let allowed: ReadonlySet<string> = new Set(allowedClients);
  /** Allowed keys by which somebody came. */
  const admitted = new Set<string>();
  const told = new Denials(denied);
  const socket = new Reply({ context, linger: 0 });
  await socket.bind(ENDPOINT);
  const served = serve(socket, (key) => {
    if (allowed.has(key)) admitted.add(key);
    else told.deny(key);
    return allowed.has(key);
  });
  return {
    allow(clients) {
      const next = new Set(clients);
      const added = [...next].filter((key) => !allowed.has(key));
      const removed = [...allowed].filter((key) => !next.has(key));
      allowed = next;
      // All of them are to be looked at, since each is forgotten.
      const wereAdmitted = removed.filter((key) => admitted.delete(key)).length > 0;
      return { added, removed, wereAdmitted };
    },
    async close() {
      if (!socket.closed) socket.close();
      await served;
    },
  };
}

async function serve(socket: Reply, admits: (key: string) => boolean): Promise<void> {
  try {
    for await (const [version, requestId, , , , mechanism, credentials] of socket) {
      const key = credentials === undefined ? '' : encodeZ85(credentials);
      const admitted = String(version) === VERSION && String(mechanism) === 'CURVE' && admits(key);
      const [status, text] = admitted ? ['200', 'OK'] : ['400', 'this key is not allowed'];
      await socket.send([VERSION, requestId ?? '', status, text, admitted ? key : '', '']);
    }
  } catch (error) {
    if (!socket.closed) throw error;
  }
}

/** A peer that was turned away tries again several times a second: each key is told once a minute, and not too many. */
const TELL_AGAIN = 60_000;
const TELL_KEYS = 100;

class Denials {
  readonly #tell: (publicKey: string) => void;
  readonly #told = new Map<string, number>();

  constructor(tell: (publicKey: string) => void) {
    this.#tell = tell;
  }

  deny(key: string): void {
    const now = performance.now();
    for (const [told, at] of this.#told) {
      if (now - at < TELL_AGAIN) break;
      this.#told.delete(told);
    }
    if (this.#told.has(key) || this.#told.size >= TELL_KEYS) return;
    this.#told.set(key, now);
    this.#tell(key);
  }
}

/** Text form of a key (ZeroMQ RFC 32): each four bytes as five digits to the base 85. */
function encodeZ85(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = '';
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const word = view.getUint32(at);
    for (let divisor = 85 ** 4; divisor >= 1; divisor /= 85) text += Z85[Math.floor(word / divisor) % 85];
  }
  return text;
}
