import { nanTypeOf } from './nan.js';
import { op } from './opcodes.js';

/**
 * What V8's compilers have to do for an instruction once it is metered: a unit is about a kilobyte of memory that the
 * optimising one takes meanwhile, measured where it takes most among Node 20, 22 and 24 and among fast and exact code.
 *
 * Source: docs/protocol.md, "From preCode to exe code". Whether a contract is accepted depends on it,
 * so that every worker has to count the same.
 */
const prices = {
  /** Arithmetic on integers, constants, writes to locals, globals. */
  simple: 1,
  /** And `copysign`. */
  select: 3,
  conversion: 2,
  integerDivision: 4,
  load: 4,
  /** May give a NaN, whose bits have to be made the same everywhere. */
  float: 4,
  store: 8,
  /** `block`, `br`, `br_if`, `br_table`, `else`, `return`. */
  branch: 8,
  saturatingConversion: 16,
  if: 16,
  call: 16,
  loop: 256,
} as const;

/** Each value that a block or branch carries along, local or operand, is a unit for so many of them. */
const carriedByUnit = 32;

/** A group of opcodes: the first, the last, their price. */
const groups: readonly (readonly [first: number, last: number, units: number])[] = [
  [0x1b, 0x1c, prices.select],
  [op.localSet, op.globalSet, prices.simple],
  [op.i32Load, op.i64Load32U, prices.load],
  [op.i32Store, op.i64Store32, prices.store],
  [op.memorySize, op.memorySize, prices.simple],
  [op.memoryGrow, op.memoryGrow, prices.call],
  [op.i32Const, 0xc4, prices.simple],
  [0x6d, 0x70, prices.integerDivision],
  [0x7f, 0x82, prices.integerDivision],
  [0x98, 0x98, prices.select],
  [0xa6, 0xa6, prices.select],
  [0xa8, 0xbb, prices.conversion],
  [op.block, op.block, prices.branch],
  [op.loop, op.loop, prices.loop],
  [op.if, op.if, prices.if],
  [op.else, op.else, prices.branch],
  [op.br, op.return, prices.branch],
  [op.call, op.callIndirect, prices.call],
];

const units = new Uint16Array(256);
for (const [first, last, price] of groups) units.fill(price, first, last + 1);
for (let opcode = 0; opcode < 256; opcode += 1)
  if (nanTypeOf(opcode) !== undefined) units[opcode] = prices.float;

/**
 * The work that an instruction is, in units of {@link ModuleLimits.functionWork}.
 * @param targets how many labels it has besides the first if it is a `br_table`
 * @param carried how many locals and operands there are where it stands
 */
export function workOf(opcode: number, targets: number, carried: number): number {
  if (opcode > 0xff) return opcode < op.memoryInit ? prices.saturatingConversion : prices.call;
  const price = units[opcode] ?? 0;
  if (opcode < op.block || opcode > op.brTable) return price;
  if (opcode === op.loop) return price + carried;
  const once = Math.ceil(carried / carriedByUnit);
  return opcode === op.brTable ? price + once + targets * (1 + once) : price + once;
}

/**
 * What a function's work is at most, judged by its length: nothing is more for its bytes than `loop`, which has two.
 * @param carried how many values there may be at once, locals and operands
 */
export function mostWorkOf(bytes: number, carried: number): number {
  return Math.ceil(bytes / 2) * (prices.loop + carried);
}
