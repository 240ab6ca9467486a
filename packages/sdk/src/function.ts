import {
  decodeAbiParameters,
  encodeAbiParameters,
  hexToBytes,
  bytesToHex,
  parseAbiParameters,
  type AbiParameter,
} from 'viem';
import { SdkError } from './errors.js';
import { encodable } from './values.js';

/** A function text such as `transfer(bytes32,uint256)`, taken apart. */
export interface FunctionText {
  readonly name: string;
  readonly inputs: readonly AbiParameter[];
  /** `name(type,type)`: what is encrypted as the task's function. */
  readonly text: string;
}

/**
 * Reads a function text.
 * @throws SdkError `FUNCTION_UNKNOWN` when it is not `name(type,type,…)` with Solidity types
 */
export function parseFunction(text: string): FunctionText {
  const match = /^\s*([A-Za-z_$][\w$]*)\s*\((.*)\)\s*$/s.exec(text);
  if (match === null) {
    throw new SdkError(
      'FUNCTION_UNKNOWN',
      `function: expected name(type,…), got ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
  const name = match[1]!;
  const inputs = parseTypes(match[2]!);
  return functionOf(name, inputs);
}

/**
 * Reads a list of Solidity types such as `uint256, (bytes32,address)[]`; an empty text is an empty list.
 * @throws SdkError `FUNCTION_UNKNOWN` when a type is none of Solidity's
 */
export function parseTypes(text: string): readonly AbiParameter[] {
  if (text.trim() === '') return [];
  try {
    return parseAbiParameters<string>(text);
  } catch (error) {
    throw new SdkError(
      'FUNCTION_UNKNOWN',
      `types: expected Solidity types, got ${JSON.stringify(text.slice(0, 80))}`,
      {
        cause: error,
      },
    );
  }
}

/** A function whose types are known already. */
export function functionOf(name: string, inputs: readonly AbiParameter[]): FunctionText {
  return { name, inputs, text: `${name}(${inputs.map(typeText).join(',')})` };
}

/** A type as Solidity's signatures have it: tuples are spelled out, without the names of their fields. */
function typeText(parameter: AbiParameter): string {
  if (!parameter.type.startsWith('tuple')) return parameter.type;
  const components = (parameter as { components: readonly AbiParameter[] }).components;
  return `(${components.map(typeText).join(',')})${parameter.type.slice('tuple'.length)}`;
}

/**
 * Solidity ABI of values, without a selector. Bytes are `0x…` or a Uint8Array, integers a bigint, a safe number or
 * decimal text, tuples an object with all their fields or a list in their order.
 * @throws SdkError `ARGUMENTS_MISMATCH` when a value does not fit its type: it names the place, never the value
 */
export function encodeArguments(types: readonly AbiParameter[], values: readonly unknown[]): Uint8Array {
  if (types.length !== values.length) {
    throw new SdkError('ARGUMENTS_MISMATCH', `arguments: expected ${types.length}, got ${values.length}`);
  }
  const checked = types.map((type, i) =>
    encodable(type, values[i], type.name ? `arguments: ${type.name}` : `arguments[${i}]`),
  );
  return hexToBytes(encodeAbiParameters(types, checked));
}

/**
 * The values of a result.
 * @throws SdkError `RESULT_MALFORMED` when the bytes are not of these types
 */
export function decodeResult(types: readonly AbiParameter[], bytes: Uint8Array): readonly unknown[] {
  if (types.length === 0) return [];
  try {
    return decodeAbiParameters(types, bytesToHex(bytes));
  } catch {
    // Without the cause: it quotes the bytes, which are secret.
    const wanted = types.map(typeText).join(',');
    throw new SdkError(
      'RESULT_MALFORMED',
      `result: expected the ABI of (${wanted}), got ${bytes.length} other bytes`,
    );
  }
}
