import { ContractStop, outOfGasText } from './failure.js';
import type { WasmGlobal } from './webassembly.js';

/**
 * The gas of one call as the host sees it. The counter itself is a global of the instrumented module, so that metered
 * code never leaves WebAssembly.
 */
export class Meter {
  #counter: WasmGlobal<bigint> = { value: 0n };
  #limit = 0n;
  #refund = 0;

  /** Begins a call: `counter` belongs to the instance that will run, `limit` is from 0 to 2^64-1. */
  begin(counter: WasmGlobal<bigint>, limit: bigint): void {
    this.#counter = counter;
    this.#limit = limit;
    this.#refund = 0;
    counter.value = 0n;
  }

  /** Gas charged so far, without refunds. */
  get charged(): bigint {
    return BigInt.asUintN(64, this.#counter.value);
  }

  /** What a successful call pays. */
  get used(): bigint {
    const used = this.charged - BigInt(this.#refund);
    return used > 0n ? used : 0n;
  }

  /**
   * Charges `amount`; reaching the limit exactly is fine. Otherwise the counter stands at the limit.
   * @returns whether there was enough gas
   */
  tryCharge(amount: number): boolean {
    const charged = this.charged + BigInt(amount);
    const enough = charged <= this.#limit;
    this.#counter.value = BigInt.asIntN(64, enough ? charged : this.#limit);
    return enough;
  }

  /**
   * Charges `amount` from inside a host function.
   * @throws ContractStop when there is not enough gas
   */
  charge(amount: number): void {
    if (!this.tryCharge(amount)) throw new ContractStop('OUT_OF_GAS', outOfGasText);
  }

  /** Gives back `amount` at the end, if the call succeeds. */
  giveBack(amount: number): void {
    this.#refund += amount;
  }
}
