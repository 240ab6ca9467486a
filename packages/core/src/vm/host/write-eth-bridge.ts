import { stop } from '../failure.js';
import type { HostContext } from './context.js';

const addressBytes = 20;

/** `write_eth_bridge(payload, length, address)`: asks for a call of an Ethereum contract; the last one counts. */
export function writeEthBridge(host: HostContext, pointer: number, length: number, address: number): void {
  const payload = host.memory.read(pointer, length);
  const target = host.memory.read(address, addressBytes);
  const most = host.limits.ethereumPayloadBytes;
  if (payload.length > most) {
    throw stop(`write_eth_bridge: the payload has ${payload.length} bytes, at most ${most} are allowed`);
  }
  host.ethereum = { payload: payload.slice(), address: target.slice() };
}
