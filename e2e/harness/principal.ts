import type { Client } from '@enigma-worker/client';
import {
  concat,
  generateKeyPair,
  keccak256,
  type KeyPair,
  randomBytes,
  recoverAddress,
  seal,
  sharedKey,
  sign,
  toHex,
} from '@enigma-worker/crypto';
import {
  encodeExchangeResponse,
  encodeStateKeys,
  exchangeRequestPreimage,
  parseExchangeRequest,
} from '@enigma-worker/protocol';

/** The principal's side of the key exchange: a state key for every contract it is asked for. */
export class Principal {
  readonly identity: KeyPair = generateKeyPair();
  readonly #secret = randomBytes(32);

  /** The same key whenever it is asked for the same contract. */
  stateKey(address: Uint8Array): Uint8Array {
    return keccak256(concat(this.#secret, address));
  }

  /** Answers a request as it came from a worker. */
  answer(
    request: Uint8Array,
    workerSig: Uint8Array,
    besides: readonly Uint8Array[] = [],
  ): { response: Uint8Array; sig: Uint8Array; worker: Uint8Array } {
    const asked = parseExchangeRequest(request);
    const ours = generateKeyPair();
    const addresses = asked.addresses ?? besides;
    const keys = encodeStateKeys(addresses.map((address) => ({ address, key: this.stateKey(address) })));
    const response = encodeExchangeResponse({
      age: asked.age,
      id: asked.id,
      publicKey: ours.publicKey,
      envelope: seal(sharedKey(ours.privateKey, asked.publicKey), keys),
    });
    const worker = recoverAddress(exchangeRequestPreimage(request, asked), workerSig);
    return { response, sig: sign(response, this.identity.privateKey), worker };
  }

  /** Brings a worker the keys of some contracts; the addresses whose state could not be built. */
  async provision(worker: Client, addresses: readonly Uint8Array[]): Promise<string[]> {
    const { request, workerSig } = await worker.getPTTRequest({ addresses });
    const { errors } = await worker.pttResponse(this.answer(request, workerSig, addresses));
    return errors.map(({ address }) => toHex(address));
  }
}
