import { keccak256 } from '@enigma-worker/crypto';
import type { Call, CallFailure, CallOutcome, CallSuccess } from '#vm/call.js';
import type { ContractCode, Engine } from '#vm/engine.js';
import { buildContract } from '#vm/wasm/build.js';
import { wat } from './wat.js';

/** What a test says about a call; the rest does not matter to it. */
export interface Task {
  readonly functionName?: string;
  readonly args?: Uint8Array;
  readonly gasLimit?: bigint;
  readonly state?: ReadonlyMap<string, string>;
}

export const plentyOfGas = 1_000_000_000n;

/** A call as the engine takes it. */
export function callOf(kind: Call['kind'], task: Task = {}): Call {
  return {
    kind,
    functionName: task.functionName ?? 'f',
    args: task.args ?? new Uint8Array(0),
    gasLimit: task.gasLimit ?? plentyOfGas,
    state: { read: (key) => task.state?.get(key) },
  };
}

/** Code under its hash, as the store has it. */
export function codeOf(bytes: Uint8Array): ContractCode {
  return { hash: keccak256(bytes), load: () => bytes };
}

/** The code that a deployment makes of a module in text form. */
export function exe(text: string): ContractCode {
  return codeOf(buildContract(wat(text)).exe);
}

/** Runs `call` of a module in text form. */
export function compute(engine: Engine, module: string | ContractCode, task: Task = {}): CallOutcome {
  return engine.compute(typeof module === 'string' ? exe(module) : module, callOf('compute', task));
}

/** Deploys a module in text form. */
export function deploy(engine: Engine, text: string, task: Task = {}): CallOutcome {
  return engine.deploy(codeOf(wat(text)), callOf('deploy', task));
}

/** The outcome, which has to be a success. */
export function success(outcome: CallOutcome): CallSuccess {
  if (!outcome.ok) throw new Error(`expected success, got: ${outcome.message}`);
  return outcome;
}

/** The outcome, which has to be a failure. */
export function failure(outcome: CallOutcome): CallFailure {
  if (outcome.ok) throw new Error('expected a failure');
  return outcome;
}

const imports = {
  ret: '(import "env" "ret" (func $ret (param i32 i32)))',
  write_state: '(import "env" "write_state" (func $write_state (param i32 i32 i32 i32)))',
  read_state_len: '(import "env" "read_state_len" (func $read_state_len (param i32 i32) (result i32)))',
  read_state: '(import "env" "read_state" (func $read_state (param i32 i32 i32)))',
  remove_from_state: '(import "env" "remove_from_state" (func $remove_from_state (param i32 i32)))',
  eprint: '(import "env" "eprint" (func $eprint (param i32 i32)))',
  fetch_function_name_length:
    '(import "env" "fetch_function_name_length" (func $fetch_function_name_length (result i32)))',
  fetch_function_name: '(import "env" "fetch_function_name" (func $fetch_function_name (param i32)))',
  fetch_args_length: '(import "env" "fetch_args_length" (func $fetch_args_length (result i32)))',
  fetch_args: '(import "env" "fetch_args" (func $fetch_args (param i32)))',
  write_eth_bridge: '(import "env" "write_eth_bridge" (func $write_eth_bridge (param i32 i32 i32)))',
  gas: '(import "env" "gas" (func $gas (param i32)))',
  rand: '(import "env" "rand" (func $rand (param i32 i32)))',
  encrypt: '(import "env" "encrypt" (func $encrypt (param i32 i32 i32 i32)))',
  decrypt: '(import "env" "decrypt" (func $decrypt (param i32 i32 i32 i32)))',
} as const;

/** A contract that imports the host functions it names as `$name`, with a memory and a function `call`. */
export function contract(body: string, fields = ''): string {
  const used = Object.entries(imports).filter(([name]) => new RegExp(`\\$${name}\\b`).test(body + fields));
  return `(module ${used.map(([, text]) => text).join(' ')} (memory 1) ${fields} (func (export "call") ${body}))`;
}
