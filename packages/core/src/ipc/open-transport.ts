import { safeEndpoint } from './endpoint.js';
import { PlainTransport } from './plain-transport.js';
import type { Transport, TransportOptions } from './transport.js';

/**
 * Binds: an encrypted socket by libzmq, a plain one by an implementation of the same protocol in JavaScript, which
 * answers faster, starts sooner, and knows what each peer costs.
 *
 * @throws IpcError when the address is unsafe, malformed or taken.
 */
export async function openTransport(options: TransportOptions): Promise<Transport> {
  const endpoint = safeEndpoint(options);
  if (options.curve === undefined) return PlainTransport.bind(endpoint, options);
  const { CurveTransport } = await import('./curve-transport.js');
  return CurveTransport.bind(endpoint, options.curve, options);
}
