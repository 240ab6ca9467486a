import { Address } from './bytes';
import { writeEthereumBridge } from './host';
import { checkEthereum } from './viewing';

/**
 * Asks for a call of an Ethereum contract. It is made by the chain when the task is settled, with the payload and the address
 * that stand in the signed receipt, both in clear. Only the last call that a task asks for is made.
 */
export function callEthereum(contract: Address, payload: Uint8Array): void {
  checkEthereum();
  writeEthereumBridge(payload.dataStart, payload.length, contract.pointer);
}

/** The base of a class marked `@ethereum`: an Ethereum contract at an address. */
export abstract class EthereumContract {
  constructor(readonly address: Address) {}
}
