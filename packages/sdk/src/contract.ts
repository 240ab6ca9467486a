import type {
  Abi,
  AbiFunction,
  AbiParametersToPrimitiveTypes,
  ExtractAbiFunction,
  ExtractAbiFunctionNames,
} from 'abitype';
import { callContract, type CallResult } from './actions/callContract.js';
import { estimateGas } from './actions/estimateGas.js';
import type { EnigmaClient } from './client.js';
import { SdkError } from './errors.js';
import { functionText } from './function.js';
import type { Estimate, RequestOptions } from './transport.js';

/** Bounds of one call. */
export interface CallOptions extends RequestOptions {
  readonly gasLimit?: bigint;
}

type Inputs<A extends Abi, N extends string> = ExtractAbiFunction<A, N>['inputs'];
type Outputs<A extends Abi, N extends string> = ExtractAbiFunction<A, N>['outputs'];

/** Arguments by position, or, when every one has a name, by name. */
export type Arguments<A extends Abi, N extends string> =
  AbiParametersToPrimitiveTypes<Inputs<A, N>, 'inputs'> | NamedArguments<Inputs<A, N>>;

type NamedArguments<P extends readonly unknown[]> = {
  readonly [
    Each in P[number] as Each extends { readonly name: infer Name extends string } ? Name : never
  ]: Each extends {
    readonly type: string;
  }
    ? AbiParametersToPrimitiveTypes<readonly [Each & { readonly type: string }], 'inputs'>[0]
    : never;
};

/** One value as itself, none as `undefined`, several as a tuple. */
export type Returned<A extends Abi, N extends string> =
  AbiParametersToPrimitiveTypes<Outputs<A, N>, 'outputs'> extends infer Values
    ? Values extends readonly []
      ? undefined
      : Values extends readonly [infer Only]
        ? Only
        : Values
    : never;

type Method<A extends Abi, N extends string, R> =
  Inputs<A, N> extends readonly []
    ? (args?: readonly [], options?: CallOptions) => Promise<R>
    : (args: Arguments<A, N>, options?: CallOptions) => Promise<R>;

/** What a changing call gives back. */
export interface Written<Value> extends Omit<CallResult, 'values'> {
  readonly value: Value;
}

/** A contract at an address, typed by its ABI. */
export interface ContractHandle<A extends Abi> {
  readonly address: string;
  /** Functions that do not change state: they give the value alone. */
  readonly read: {
    readonly [N in ExtractAbiFunctionNames<A, 'view' | 'pure'>]: Method<A, N, Returned<A, N>>;
  };
  /** Functions that may change state: they give value, gas, delta and receipt. */
  readonly write: {
    readonly [N in ExtractAbiFunctionNames<A, 'nonpayable' | 'payable'>]: Method<
      A,
      N,
      Written<Returned<A, N>>
    >;
  };
  /** The gas of any function, without keeping anything of the call. */
  readonly estimateGas: {
    readonly [N in ExtractAbiFunctionNames<A>]: Method<A, N, Estimate>;
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
    const text = functionText(item.name, item.inputs);
    const returns = functionText('', item.outputs).slice(1, -1);
    const call = (args: unknown, options: CallOptions = {}) =>
      callContract(client, { ...options, address, function: text, args: positional(item, args), returns });
    if (item.stateMutability === 'view' || item.stateMutability === 'pure') {
      read[item.name] = async (args, options) => single((await call(args, options)).values);
    } else {
      write[item.name] = async (args, options) => {
        const { values, ...rest } = await call(args, options);
        return { ...rest, value: single(values) };
      };
    }
    estimates[item.name] = (args, options = {}) =>
      estimateGas(client, { ...options, address, function: text, args: positional(item, args) });
  }
  return { address, read, write, estimateGas: estimates } as ContractHandle<A>;
}

function single(values: readonly unknown[]): unknown {
  return values.length <= 1 ? values[0] : values;
}

function positional(item: AbiFunction, args: unknown): readonly unknown[] {
  if (args === undefined) return [];
  if (Array.isArray(args)) return args;
  if (typeof args !== 'object' || args === null) {
    throw new SdkError('ARGUMENTS_MISMATCH', `${item.name}: expected a list or an object of arguments`);
  }
  const named = new Map<string, unknown>(Object.entries(args));
  return item.inputs.map((input) => {
    if (input.name === undefined || !named.has(input.name)) {
      throw new SdkError(
        'ARGUMENTS_MISMATCH',
        `${item.name}: argument ${input.name ?? '(unnamed)'} is missing`,
      );
    }
    return named.get(input.name);
  });
}
