// #region node
import { createClient, type EnigmaClient } from '@enigma-worker/sdk';
import { ipc } from '@enigma-worker/sdk/ipc';

/** In Node: straight to a core, for example at `tcp://127.0.0.1:5552`. */
export function overIpc(endpoint: string, worker: string): EnigmaClient {
  return createClient({ transport: ipc(endpoint), worker });
}
// #endregion

// #region browser
import { http } from '@enigma-worker/sdk';

/** Anywhere: through a gateway, for example at `http://127.0.0.1:3000`. */
export function overHttp(gateway: string, worker: string): EnigmaClient {
  return createClient({ transport: http(gateway), worker });
}
// #endregion
