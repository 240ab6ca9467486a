// Peers in lockstep, in a process of their own: each REQ socket sends its next request when it has its reply.
import { generateKeyPair, type KeyPair, seal, sharedKey, utf8 } from '@enigma-worker/crypto';
import { encodeRequest, parseReply, type RequestOf } from '@enigma-worker/protocol';
import { Request } from 'zeromq';
import type { Load, Measured } from './load-types.js';

const ERROR = Buffer.from('"msg":');
/** Users of each peer, whose keys are made before anything is timed: making them is no work of the worker. */
const USERS = 128;
const FUNCTION = utf8('e()');
const ARGS = new Uint8Array(64);

process.on('message', (load: Load) => {
  run(load).then(
    (measured) => process.send?.(measured),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run(load: Load): Promise<Measured> {
  const sockets = Array.from(
    { length: load.peers },
    () => new Request({ linger: 0, receiveTimeout: 30_000 }),
  );
  for (const socket of sockets) socket.connect(load.endpoint);
  const users = load.pairs === undefined ? [] : sockets.map(() => Array.from({ length: USERS }, makeUser));
  const latencies: number[] = [];
  let bytes = 0;
  const ask = async (socket: Request, frame: Uint8Array): Promise<Buffer> => {
    await socket.send(frame);
    const [reply] = await socket.receive();
    if (reply === undefined || (reply.length < 4096 && reply.includes(ERROR))) throw new Error(String(reply));
    bytes += reply.length;
    return reply;
  };
  const began = performance.now();
  const end = began + (load.ms ?? Infinity);
  await Promise.all(
    sockets.map(async (socket, peer) => {
      for (let turn = 0; performance.now() < end; turn++) {
        const request = load.pairs === undefined ? requestOf(load, peer, turn) : undefined;
        if (request === undefined && load.pairs === undefined) return;
        const since = performance.now();
        if (request !== undefined) await ask(socket, request);
        else if (load.pairs !== undefined)
          await pair(load.pairs, users[peer]![turn % USERS]!, (frame) => ask(socket, frame));
        latencies.push(performance.now() - since);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  for (const socket of sockets) socket.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { perSecond: latencies.length / seconds, p50: at(0.5), p99: at(0.99), bytes, seconds };
}

function requestOf({ requests, ms }: Load, peer: number, turn: number): Uint8Array | undefined {
  const own = requests[peer % requests.length] ?? [];
  return ms === undefined ? own[turn] : own[turn % own.length];
}

/** Somebody who has a key and asks for a task key with it. */
interface User {
  readonly keys: KeyPair;
  readonly keyRequest: Uint8Array;
}

function makeUser(): User {
  const keys = generateKeyPair();
  return { keys, keyRequest: encodeRequest('NewTaskEncryptionKey', 'key', { userPubKey: keys.publicKey }) };
}

/** A task as a user sends it: a key first, then what is encrypted with it. */
async function pair(
  task: Omit<RequestOf<'ComputeTask'>['input'], 'encryptedFn' | 'encryptedArgs' | 'userDHKey'>,
  { keys, keyRequest }: User,
  ask: (frame: Uint8Array) => Promise<Buffer>,
): Promise<void> {
  const reply = parseReply('NewTaskEncryptionKey', await ask(keyRequest));
  if (reply.kind !== 'result') throw new Error('no task key');
  const ioKey = sharedKey(keys.privateKey, reply.result.workerEncryptionKey);
  const input = {
    ...task,
    encryptedFn: seal(ioKey, FUNCTION),
    encryptedArgs: seal(ioKey, ARGS),
    userDHKey: keys.publicKey,
  };
  await ask(encodeRequest('ComputeTask', 'task', { input }));
}
