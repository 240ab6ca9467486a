import { isCurveKey } from '@enigma-worker/protocol';
import { ClientError } from './errors.js';
import type { CurveClient } from './options.js';

const TCP = /^tcp:\/\/(?:\[[^\]\s]+\]|[^:/\s]+):(\d{1,5})$/;
const IPC = /^ipc:\/\/\S/;

/**
 * Refuses what is no address of a worker, before ZeroMQ sees it: that says no more than "Invalid argument".
 * @throws ClientError `BAD_ENDPOINT`
 */
export function requireEndpoint(endpoint: string): void {
  const port = Number(TCP.exec(endpoint)?.[1]);
  if (IPC.test(endpoint) || (port > 0 && port <= 65_535)) return;
  throw badEndpoint(endpoint);
}

/** Says of an endpoint what it is not. */
export function badEndpoint(endpoint: string, options?: ErrorOptions): ClientError {
  const text = `${JSON.stringify(endpoint)} is not an endpoint: expected tcp://host:port or ipc://path`;
  return new ClientError('BAD_ENDPOINT', text, options);
}

/**
 * Refuses keys that are none, before ZeroMQ sees them: what it makes of them ends the process.
 * @throws ClientError `BAD_CURVE_KEY`, which does not quote the secret one
 */
export function requireCurveKeys({ serverPublicKey, publicKey, secretKey }: CurveClient): void {
  const keys = {
    "the server's public key": serverPublicKey,
    'our public key': publicKey,
    'our secret key': secretKey,
  };
  for (const [what, key] of Object.entries(keys)) {
    if (!isCurveKey(key))
      throw new ClientError('BAD_CURVE_KEY', `CURVE: ${what} is not 40 characters of Z85`);
  }
}
