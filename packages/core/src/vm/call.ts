/** How the VM reads a contract's state: declared here, implemented by whoever holds the state. */
export interface StateReader {
  /**
   * The compact JSON text of a top-level key, with sorted keys; `undefined` when there is no such key.
   * Synchronous: it is called from inside a running contract.
   */
  read(key: string): string | undefined;
}

/** One call of a contract. */
export interface Call {
  /** `deploy` pays one gas for each byte of the result, `compute` 10,000 at the end. */
  readonly kind: 'deploy' | 'compute';
  /** Name of the function: the text before `(`. */
  readonly functionName: string;
  /** ABI-encoded arguments. */
  readonly args: Uint8Array;
  readonly gasLimit: bigint;
  readonly state: StateReader;
}

/** What a contract asks to be sent to Ethereum. */
export interface EthereumCall {
  /** ABI-encoded call: selector and arguments. */
  readonly payload: Uint8Array;
  /** 20 bytes. */
  readonly address: Uint8Array;
}

/** The contract ran to its end. */
export interface CallSuccess {
  readonly ok: true;
  /** What `ret` was given last; empty when it was never called. */
  readonly result: Uint8Array;
  readonly usedGas: bigint;
  /** Gas that was charged, without refunds: what the call pays if what it wrote cannot be kept. */
  readonly charged: bigint;
  /** The last text written for each key (compact JSON, sorted keys); `undefined` for a removed key. */
  readonly writes: ReadonlyMap<string, string | undefined>;
  readonly ethereum: EthereumCall | undefined;
}

/** The contract failed: a value, not an exception. */
export interface CallFailure {
  readonly ok: false;
  /** The text of docs/protocol.md, "Errors", for example `Error in execution of WASM code: unreachable`. */
  readonly message: string;
  readonly usedGas: bigint;
}

export type CallOutcome = CallSuccess | CallFailure;
