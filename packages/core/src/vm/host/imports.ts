import type { WasmImports, WasmMemory } from '../webassembly.js';
import type { HostContext } from './context.js';
import { decrypt } from './decrypt.js';
import { encrypt } from './encrypt.js';
import { eprint } from './eprint.js';
import { fetchArgsLength } from './fetch-args-length.js';
import { fetchArgs } from './fetch-args.js';
import { fetchFunctionNameLength } from './fetch-function-name-length.js';
import { fetchFunctionName } from './fetch-function-name.js';
import { gas } from './gas.js';
import { rand } from './rand.js';
import { readStateLen } from './read-state-len.js';
import { readState } from './read-state.js';
import { removeFromState } from './remove-from-state.js';
import { ret } from './ret.js';
import type { HostFunctionName } from './signatures.js';
import { writeEthBridge } from './write-eth-bridge.js';
import { writeState } from './write-state.js';

type HostFunction = (host: HostContext, a: number, b: number, c: number, d: number) => number | void;

const hostFunctions: Readonly<Record<HostFunctionName, HostFunction>> = {
  ret,
  write_state: writeState,
  read_state_len: readStateLen,
  read_state: readState,
  remove_from_state: removeFromState,
  eprint,
  fetch_function_name_length: fetchFunctionNameLength,
  fetch_function_name: fetchFunctionName,
  fetch_args_length: fetchArgsLength,
  fetch_args: fetchArgs,
  write_eth_bridge: writeEthBridge,
  gas,
  rand,
  encrypt,
  decrypt,
};

/** What contracts are instantiated with: the host functions, acting on `host`, and a memory. */
export function hostImports(host: HostContext): (memory: WasmMemory) => WasmImports {
  const functions = Object.fromEntries(
    Object.entries(hostFunctions).map(([name, act]) => [
      name,
      (a: number, b: number, c: number, d: number) => act(host, a, b, c, d),
    ]),
  );
  return (memory) => ({ env: { ...functions, memory } });
}
