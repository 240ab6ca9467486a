import type { Abi, ExtractAbiFunctionNames } from 'abitype';
import { positional, type Method, type ReadNames, type Returned, type WriteNames } from './abi.js';
import { callFunction, type CallResult } from './actions/callContract.js';
import { estimateFunction } from './actions/estimateGas.js';
import type { EnigmaClient } from './client.js';
import { functionOf } from './function.js';
import type { Estimate, RequestOptions } from './transport.js';

/** Bounds of one call. */
export interface CallOptions extends RequestOptions {
  readonly gasLimit?: bigint;
}

/** What a changing call gives back. */
export interface Written<Value> extends Omit<CallResult, 'values'> {
  readonly value: Value;
}

/** A contract at an address, typed by its ABI. */
export interface ContractHandle<A extends Abi> {
  readonly address: string;
  /** Functions that do not change state: they give the value alone. */
  readonly read: { readonly [N in ReadNames<A>]: Method<A, N, CallOptions, Returned<A, N>> };
  /** Functions that may change state: they give value, gas, delta and receipt. */
  readonly write: { readonly [N in WriteNames<A>]: Method<A, N, CallOptions, Written<Returned<A, N>>> };
  /** The gas of any function, without keeping anything of the call. */
  readonly estimateGas: {
    readonly [N in ExtractAbiFunctionNames<A>]: Method<A, N, CallOptions, Estimate>;
  };
}

type AnyMethod = (args?: unknown, options?: CallOptions) => Promise<unknown>;

/**
 * A contract whose functions can be called by name.
 * @param parameters `abi` as the contract's build writes it, best given `as const`; `address` as 64 hex digits
 */
export function getContract<const A extends Abi>(
  client: EnigmaClient,
  parameters: { readonly abi: A; readonly address: string },
): ContractHandle<A> {
  const { abi, address } = parameters;
  const read: Record<string, AnyMethod> = {};
  const write: Record<string, AnyMethod> = {};
  const estimates: Record<string, AnyMethod> = {};
  for (const item of abi) {
    if (item.type !== 'function') continue;
    const called = functionOf(item.name, item.inputs);
    const typed = (args: unknown, options: CallOptions = {}) => ({
      ...options,
      address,
      called,
      args: positional(item.name, item.inputs, args),
      returns: item.outputs,
    });
    if (item.stateMutability === 'view' || item.stateMutability === 'pure') {
      read[item.name] = async (args, options) =>
        single((await callFunction(client, typed(args, options))).values);
    } else {
      write[item.name] = async (args, options) => {
        const { values, ...rest } = await callFunction(client, typed(args, options));
        return { ...rest, value: single(values) };
      };
    }
    estimates[item.name] = async (args, options) => estimateFunction(client, typed(args, options));
  }
  return { address, read, write, estimateGas: estimates } as ContractHandle<A>;
}

function single(values: readonly unknown[]): unknown {
  return values.length <= 1 ? values[0] : values;
}
