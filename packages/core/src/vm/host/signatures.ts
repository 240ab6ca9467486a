/** How many `i32` a host function takes and gives; there are no other types. */
export interface HostSignature {
  readonly parameters: number;
  readonly results: 0 | 1;
}

/**
 * Every function that a contract may import, all from the module `env`.
 *
 * Source: docs/protocol.md, "Host functions".
 */
export const hostSignatures = {
  ret: { parameters: 2, results: 0 },
  write_state: { parameters: 4, results: 0 },
  read_state_len: { parameters: 2, results: 1 },
  read_state: { parameters: 3, results: 0 },
  remove_from_state: { parameters: 2, results: 0 },
  eprint: { parameters: 2, results: 0 },
  fetch_function_name_length: { parameters: 0, results: 1 },
  fetch_function_name: { parameters: 1, results: 0 },
  fetch_args_length: { parameters: 0, results: 1 },
  fetch_args: { parameters: 1, results: 0 },
  write_eth_bridge: { parameters: 3, results: 0 },
  gas: { parameters: 1, results: 0 },
  rand: { parameters: 2, results: 0 },
  encrypt: { parameters: 4, results: 0 },
  decrypt: { parameters: 4, results: 0 },
} as const satisfies Readonly<Record<string, HostSignature>>;

/** Name of a host function. */
export type HostFunctionName = keyof typeof hostSignatures;
