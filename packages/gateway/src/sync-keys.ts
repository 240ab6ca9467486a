import type { Client } from '@enigma-worker/client';
import { fetchStateKeys, type RetryOptions } from '@enigma-worker/principal/client';

/** A contract whose state could not be built although its key arrived, or stands under another key. */
export interface UnbuiltContract {
  /** 32 bytes. */
  readonly address: Uint8Array;
  readonly status: number;
}

/** What to fetch, from where. */
export interface SyncKeysParameters extends RetryOptions {
  /** The core that needs the keys. */
  readonly client: Client;
  /** The principal node, for example `http://127.0.0.1:3040`. */
  readonly principal: string;
  /** Contracts, 32 bytes each; when absent, all that the principal assigns to the worker. */
  readonly addresses?: readonly Uint8Array[];
  readonly blockNumber?: bigint;
}

/**
 * Carries state keys from the principal node to a core, as the network side of a worker does: GetPTTRequest to the
 * core, getStateKeys to the principal, PTTResponse back. Whoever carries them can neither read nor change them.
 * @returns contracts whose state could not be built, or stands under another key
 * @throws ClientError from the core, PrincipalClientError from the principal
 */
export async function syncKeys(parameters: SyncKeysParameters): Promise<readonly UnbuiltContract[]> {
  const { client, principal, addresses, blockNumber, ...retry } = parameters;
  const { request, workerSig } = await client.getPTTRequest(addresses === undefined ? {} : { addresses });
  const query = {
    request,
    workerSig,
    ...(addresses !== undefined && { addresses }),
    ...(blockNumber !== undefined && { blockNumber }),
  };
  const { data, sig } = await fetchStateKeys(principal, query, retry);
  const { errors } = await client.pttResponse({ response: data, sig });
  return errors;
}
