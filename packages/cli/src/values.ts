import type { AbiParameter } from 'viem';
import { UsageError } from './errors.js';

/**
 * A value of the command line as the ABI encoder takes it: numbers as bigint, `true`/`false`, bytes as `0x…`,
 * lists and tuples as JSON.
 * @throws UsageError naming the type and what was expected
 */
export function parseValue(parameter: AbiParameter, text: string): unknown {
  if (parameter.type.endsWith(']') || parameter.type.startsWith('tuple'))
    return convert(parameter, parseJson(parameter, text));
  return scalar(parameter.type, text);
}

/** The values of a whole list of parameters. */
export function parseValues(
  parameters: readonly AbiParameter[],
  texts: readonly string[],
): readonly unknown[] {
  if (texts.length !== parameters.length) {
    const wanted = parameters.map(({ type }) => type).join(', ');
    throw new UsageError(`expected ${parameters.length} arguments (${wanted}), got ${texts.length}`);
  }
  return parameters.map((parameter, i) => parseValue(parameter, texts[i]!));
}

function parseJson(parameter: AbiParameter, text: string): unknown {
  try {
    // Integers are quoted before parsing, so that none above 2^53 loses digits. Texts, which come first, stay as they are.
    return JSON.parse(
      text.replaceAll(/"(?:[^"\\]|\\.)*"|(?<=^|[[,:\s])-?\d+(?=$|[\],}\s])/gs, (found) =>
        found.startsWith('"') ? found : `"${found}"`,
      ),
    );
  } catch {
    throw new UsageError(
      `${parameter.type}: expected JSON such as [1,2,3], got ${JSON.stringify(text.slice(0, 60))}`,
    );
  }
}

function convert(parameter: AbiParameter, value: unknown): unknown {
  const list = /^(.*)\[\d*\]$/s.exec(parameter.type);
  if (list !== null) {
    if (!Array.isArray(value)) throw new UsageError(`${parameter.type}: expected a list`);
    return value.map((item: unknown) => convert({ ...parameter, type: list[1]! }, item));
  }
  if (parameter.type === 'tuple') {
    const components = (parameter as { components: readonly AbiParameter[] }).components;
    if (!Array.isArray(value) || value.length !== components.length) {
      throw new UsageError(`tuple: expected a list of ${components.length} values`);
    }
    return components.map((component, i) => convert(component, value[i]));
  }
  if (typeof value === 'boolean' && parameter.type === 'bool') return value;
  // Integers are texts by now.
  if (typeof value !== 'string')
    throw new UsageError(`${parameter.type}: expected a text or an integer in the list`);
  return scalar(parameter.type, value);
}

function scalar(type: string, text: string): unknown {
  if (/^u?int\d*$/.test(type)) {
    if (!/^-?(\d+|0x[0-9a-fA-F]+)$/.test(text))
      throw new UsageError(`${type}: expected an integer, got ${JSON.stringify(text.slice(0, 60))}`);
    return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
  }
  if (type === 'bool') {
    if (text !== 'true' && text !== 'false')
      throw new UsageError(`bool: expected true or false, got ${JSON.stringify(text.slice(0, 60))}`);
    return text === 'true';
  }
  if (type === 'string') return text;
  const hex = text.startsWith('0x') ? text : `0x${text}`;
  if (!/^0x([0-9a-fA-F]{2})*$/.test(hex))
    throw new UsageError(`${type}: expected hex, got ${JSON.stringify(text.slice(0, 60))}`);
  return hex.toLowerCase();
}

/** A decoded value for people: integers in decimal, bytes in hex, lists and tuples as JSON. */
export function printValue(value: unknown): string {
  return typeof value === 'string' ? value : inJson(value);
}

/** JSON in which integers of any size are numbers. */
function inJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(inJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  return `{${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)}:${inJson(each)}`)
    .join(',')}}`;
}
