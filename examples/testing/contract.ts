import { readFileSync } from 'node:fs';
import { type CallOutcome, Engine } from '@enigma-worker/core/tools';
import { keccak256 } from '@enigma-worker/crypto';
import {
  type Abi,
  bytesToHex,
  type ContractConstructorArgs,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  decodeFunctionResult,
  type DecodeFunctionResultParameters,
  encodeAbiParameters,
  encodeFunctionData,
  type EncodeFunctionDataParameters,
  type Hex,
  hexToBytes,
} from 'viem';

type Mutability = 'view' | 'nonpayable';

/** A contract on the worker's own engine, with its state in the open: for the tests of the contract. */
export interface TestContract<abi extends Abi> {
  /** Calls a function; throws a {@link Reverted} with the contract's reason when it fails. */
  call<const name extends ContractFunctionName<abi, Mutability>>(
    functionName: name,
    args: ContractFunctionArgs<abi, Mutability, name>,
  ): ContractFunctionReturnType<abi, Mutability, name>;
  /** What the last call that succeeded asked of Ethereum. */
  readonly ethereum: { readonly address: Hex; readonly payload: Hex } | undefined;
  /** Bytes of exe code. */
  readonly codeSize: number;
  readonly deployGas: bigint;
  /** Gas of the last call, whether it succeeded or not. */
  readonly gas: bigint;
  /** The state: JSON text by key. */
  readonly state: ReadonlyMap<string, string>;
}

/** A call failed. The message is what the caller reads; it ends with the reason that the contract gave. */
export class Reverted extends Error {
  override readonly name = 'Reverted';
}

/** Enough for everything, and few enough that a loop without end ends. */
const GAS_LIMIT = 1_000_000_000n;

/**
 * Deploys a compiled contract.
 *
 * @param wasm a module, or the path of one
 */
export function deploy<const abi extends Abi>(
  wasm: Uint8Array | URL,
  abi: abi,
  args: ContractConstructorArgs<abi>,
): TestContract<abi> {
  const engine = new Engine();
  const state = new Map<string, string>();
  const reader = { read: (key: string) => state.get(key) };
  let gas = 0n;
  let ethereum: TestContract<abi>['ethereum'];

  const run = (
    kind: 'deploy' | 'compute',
    functionName: string,
    encoded: Uint8Array,
    go: Runner,
  ): Uint8Array => {
    const outcome = go({ kind, functionName, args: encoded, gasLimit: GAS_LIMIT, state: reader });
    gas = outcome.usedGas;
    if (!outcome.ok) throw new Reverted(outcome.message);
    for (const [key, text] of outcome.writes) {
      if (text === undefined) state.delete(key);
      else state.set(key, text);
    }
    ethereum = outcome.ethereum && {
      address: bytesToHex(outcome.ethereum.address),
      payload: bytesToHex(outcome.ethereum.payload),
    };
    return outcome.result;
  };

  const module = wasm instanceof URL ? new Uint8Array(readFileSync(wasm)) : wasm;
  const constructor = abi.find((item) => item.type === 'constructor');
  const encoded = hexToBytes(
    encodeAbiParameters(constructor?.inputs ?? [], (args ?? []) as readonly unknown[]),
  );
  const code = run('deploy', 'construct', encoded, (call) => engine.deploy(codeOf(module), call));
  const exe = codeOf(code);
  const deployGas = gas;

  return {
    call: (functionName, callArgs) => {
      const parameters = { abi, functionName, args: callArgs } as unknown as EncodeFunctionDataParameters;
      const argumentBytes = hexToBytes(encodeFunctionData(parameters)).subarray(4);
      const result = run('compute', functionName, argumentBytes, (call) => engine.compute(exe, call));
      if (result.length === 0) return undefined as never;
      const decoding = {
        abi,
        functionName,
        data: bytesToHex(result),
      } as unknown as DecodeFunctionResultParameters;
      return decodeFunctionResult(decoding) as never;
    },
    get ethereum() {
      return ethereum;
    },
    codeSize: code.length,
    deployGas,
    get gas() {
      return gas;
    },
    state,
  };
}

type Runner = (call: Parameters<Engine['compute']>[1]) => CallOutcome;

/** Code as the engine takes it, which keeps what it made of it under its hash. */
function codeOf(bytes: Uint8Array) {
  return { hash: keccak256(bytes), load: () => bytes };
}
