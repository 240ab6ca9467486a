import { sortedKeys, type Json } from './json.js';

/**
 * The canonical text of a JSON value: compact, object keys in the order of their UTF-8 bytes, floats
 * in their shortest form. This is what a contract reads.
 * Source: docs/protocol.md, "State".
 */
export function printJson(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return printFloat(value);
  if (Array.isArray(value)) return printArray(value);
  if (value instanceof Map) return printObject(value);
  return String(value);
}

function printArray(items: readonly Json[]): string {
  let text = '';
  for (const item of items) text += (text === '' ? '' : ',') + printJson(item);
  return `[${text}]`;
}

function printObject(entries: ReadonlyMap<string, Json>): string {
  let text = '';
  for (const key of sortedKeys(entries)) {
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${printJson(entries.get(key)!)}`;
  }
  return `{${text}}`;
}

/**
 * The shortest text that reads back as the same float: `123.0` while the point lies within sixteen
 * digits, plain decimals down to `0.00001`, otherwise `1.5e16` and `1e-7`.
 */
export function printFloat(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError('a JSON float is finite');
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const magnitude = Math.abs(value);
  if (magnitude >= 1e16 || magnitude < 1e-5) return value.toExponential().replace('+', '');
  const text = String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}
