import type {
  Abi,
  AbiConstructor,
  AbiParameter,
  AbiParametersToPrimitiveTypes,
  AbiStateMutability,
  ExtractAbiFunction,
  ExtractAbiFunctionNames,
} from 'abitype';
import { SdkError } from './errors.js';

type Inputs<A extends Abi, N extends string> = ExtractAbiFunction<A, N>['inputs'];
type Outputs<A extends Abi, N extends string> = ExtractAbiFunction<A, N>['outputs'];

/** Values of parameters by position, or, when every one has a name, by name; any when it is not known how many there are. */
export type ArgumentsOf<P extends readonly AbiParameter[]> = number extends P['length']
  ? readonly unknown[] | Readonly<Record<string, unknown>>
  : AbiParametersToPrimitiveTypes<P, 'inputs'> | NamedArguments<P>;

type NamedArguments<P extends readonly AbiParameter[]> = P[number] extends {
  readonly name: infer Names extends string;
}
  ? '' extends Names
    ? never
    : {
        readonly [
          Each in P[number] as Each extends { readonly name: infer Name extends string } ? Name : never
        ]: AbiParametersToPrimitiveTypes<readonly [Each], 'inputs'>[0];
      }
  : never;

/** One value as itself, none as `undefined`, several as a tuple; `unknown` when it is not known how many there are. */
export type Returned<A extends Abi, N extends string> =
  AbiParametersToPrimitiveTypes<Outputs<A, N>, 'outputs'> extends infer Values extends readonly unknown[]
    ? number extends Values['length']
      ? unknown
      : Values extends readonly []
        ? undefined
        : Values extends readonly [infer Only]
          ? Only
          : Values
    : never;

/** The constructor's parameters; none when an ABI names no constructor. */
type ConstructorInputs<A extends Abi> = [Extract<A[number], AbiConstructor>] extends [never]
  ? readonly []
  : Extract<A[number], AbiConstructor>['inputs'];

/** The constructor's arguments, as a deployment takes them: they may be left out when there are none. */
export type ConstructorArguments<A extends Abi> =
  ConstructorInputs<A> extends readonly []
    ? { readonly args?: readonly [] }
    : readonly [] extends ConstructorInputs<A>
      ? { readonly args?: ArgumentsOf<ConstructorInputs<A>> }
      : { readonly args: ArgumentsOf<ConstructorInputs<A>> };

/** A function of an ABI as a method: its arguments may be left out when it takes none. */
export type Method<A extends Abi, N extends string, Options, R> =
  Inputs<A, N> extends readonly []
    ? (args?: readonly [], options?: Options) => Promise<R>
    : readonly [] extends Inputs<A, N>
      ? (args?: ArgumentsOf<Inputs<A, N>>, options?: Options) => Promise<R>
      : (args: ArgumentsOf<Inputs<A, N>>, options?: Options) => Promise<R>;

/** Names of the functions that keep the state as it is: any, where an ABI is typed as `Abi` alone. */
export type ReadNames<A extends Abi> = NamesOf<A, 'view' | 'pure'>;
/** Names of the functions that may change it. */
export type WriteNames<A extends Abi> = NamesOf<A, 'nonpayable' | 'payable'>;

type NamesOf<A extends Abi, Mutability extends AbiStateMutability> =
  string extends ExtractAbiFunctionNames<A> ? string : ExtractAbiFunctionNames<A, Mutability>;

/**
 * Arguments in the order of their parameters, whichever way they were given.
 * @throws SdkError `ARGUMENTS_MISMATCH` when one is missing
 */
export function positional(
  name: string,
  inputs: readonly AbiParameter[],
  args: unknown = [],
): readonly unknown[] {
  if (Array.isArray(args)) return args;
  if (typeof args !== 'object' || args === null) {
    throw new SdkError('ARGUMENTS_MISMATCH', `${name}: expected a list or an object of arguments`);
  }
  const named = new Map<string, unknown>(Object.entries(args));
  return inputs.map((input) => {
    if (input.name === undefined || !named.has(input.name)) {
      throw new SdkError('ARGUMENTS_MISMATCH', `${name}: argument ${input.name ?? '(unnamed)'} is missing`);
    }
    return named.get(input.name);
  });
}
