import type { TrapText } from './failure.js';
import { wasm } from './webassembly.js';

/** What V8 says of a trap, and what the original's interpreter called it. The first match counts. */
const trapTexts: readonly (readonly [RegExp, TrapText])[] = [
  [/unreachable/, 'unreachable'],
  [/memory access|data segment/, 'memory access out of bounds'],
  [/(divide|remainder|division) by zero/, 'division by zero'],
  [/float unrepresentable|divide result unrepresentable/, 'invalid conversion to int'],
  // An empty place in the table too: V8 does not tell it from a function of another type.
  [/signature mismatch|null function/, 'unexpected signature'],
  [/table|element segment/, 'table access out of bounds'],
];

/** The text of a trap that V8 raised; `undefined` when `error` is none. */
export function trapText(error: unknown): TrapText | undefined {
  if (!(error instanceof wasm.RuntimeError)) return undefined;
  return trapTexts.find(([pattern]) => pattern.test(error.message))?.[1] ?? 'unreachable';
}

/** Whether V8 ran out of its own stack, which it tells by a RangeError. */
export function isStackExhausted(error: unknown): boolean {
  return error instanceof RangeError && /call stack/.test(error.message);
}
