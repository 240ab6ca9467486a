import type { Client } from '@enigma-worker/client';
import { generateKeyPair, randomBytes, seal, sharedKey, utf8 } from '@enigma-worker/crypto';
import {
  encodeExchangeResponse,
  encodeRequest,
  encodeStateKeys,
  parseExchangeRequest,
} from '@enigma-worker/protocol';

export const GAS = 2n ** 40n;

/** Brings a worker state keys for contracts, random ones unless told, as the principal would. */
export async function provision(
  worker: Client,
  addresses: readonly Uint8Array[],
  stateKey?: Uint8Array,
): Promise<void> {
  const { request } = await worker.getPTTRequest({ addresses });
  const asked = parseExchangeRequest(request);
  const ours = generateKeyPair();
  const keys = encodeStateKeys(addresses.map((address) => ({ address, key: stateKey ?? randomBytes(32) })));
  const envelope = seal(sharedKey(ours.privateKey, asked.publicKey), keys);
  await worker.pttResponse({
    response: encodeExchangeResponse({ age: asked.age, id: asked.id, publicKey: ours.publicKey, envelope }),
  });
}

/** Deploys a contract at each of so many new addresses. */
export async function deployMany(
  worker: Client,
  preCode: Uint8Array,
  count: number,
  stateKey?: Uint8Array,
): Promise<Uint8Array[]> {
  const addresses = Array.from({ length: count }, () => randomBytes(32));
  await provision(worker, addresses, stateKey);
  for (const address of addresses) {
    const input = await sealed(worker, address, 'construct()', new Uint8Array());
    const outcome = await worker.deploySecretContract({ input: { ...input, preCode } });
    if (outcome.kind !== 'result') throw new Error('the benchmark contract does not deploy');
  }
  return addresses;
}

/** A computation as it goes over the wire, with a key of its own. */
export async function taskFrame(
  worker: Client,
  address: Uint8Array,
  fn: string,
  args: Uint8Array,
): Promise<Uint8Array> {
  return encodeRequest('ComputeTask', 'task', { input: await sealed(worker, address, fn, args) });
}

/** So many of them for each of so many peers. */
export async function taskFrames(
  worker: Client,
  peers: number,
  each: number,
  task: (peer: number, turn: number) => { address: Uint8Array; fn: string; args: Uint8Array },
): Promise<Uint8Array[][]> {
  return Promise.all(
    Array.from({ length: peers }, async (_, peer) => {
      const frames: Uint8Array[] = [];
      for (let turn = 0; turn < each; turn++) {
        const { address, fn, args } = task(peer, turn);
        frames.push(await taskFrame(worker, address, fn, args));
      }
      return frames;
    }),
  );
}

/** The input of a task, sealed with a fresh task key. */
export async function sealed(worker: Client, contractAddress: Uint8Array, fn: string, args: Uint8Array) {
  const user = generateKeyPair();
  const { workerEncryptionKey } = await worker.newTaskEncryptionKey({ userPubKey: user.publicKey });
  const ioKey = sharedKey(user.privateKey, workerEncryptionKey);
  return {
    encryptedFn: seal(ioKey, utf8(fn)),
    encryptedArgs: seal(ioKey, args),
    userDHKey: user.publicKey,
    gasLimit: GAS,
    contractAddress,
  };
}
