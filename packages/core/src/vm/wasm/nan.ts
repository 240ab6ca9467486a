import type { Emitter } from './emitter.js';
import { op, valueType } from './opcodes.js';

const { f32, f64 } = valueType;

export type FloatType = typeof f32 | typeof f64;

/** Arithmetic whose result may be a NaN of any bits: from the first opcode up to and with the last, and its type. */
const arithmetic: readonly (readonly [first: number, last: number, type: FloatType])[] = [
  [0x8d, 0x97, f32], // ceil, floor, trunc, nearest, sqrt, add, sub, mul, div, min, max
  [0x9b, 0xa5, f64],
  [0xb6, 0xb6, f32], // f32.demote_f64
  [0xbb, 0xbb, f64], // f64.promote_f32
];

/** The NaN that x86 makes of `0 / 0`. */
const nan = {
  [f32]: [op.f32Const, 0x00, 0x00, 0xc0, 0xff],
  [f64]: [op.f64Const, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0xff],
} as const;

const equal = { [f32]: 0x5b, [f64]: 0x61 } as const;

const types = Array.from<FloatType | undefined>({ length: 256 });
for (const [first, last, type] of arithmetic) types.fill(type, first, last + 1);

/** The type of the result if `opcode` may give a NaN of any bits. */
export function nanTypeOf(opcode: number): FloatType | undefined {
  return types[opcode];
}

/**
 * Gives every NaN the same bits. WebAssembly leaves them open, and V8 gives other ones once it has optimised a
 * function: without this a contract could tell, and two workers, or one worker twice, would disagree.
 * @param type of the operand, which is also in `local` for a moment
 */
export function canonicalNan(out: Emitter, type: FloatType, local: number): void {
  out
    .tee(local)
    .op(...nan[type])
    .get(local)
    .get(local)
    .op(equal[type], op.select);
}
