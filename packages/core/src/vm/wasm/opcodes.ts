import { gasPrices } from '../gas.js';

/** Opcodes that the transformer names. Those after the prefix `0xfc` are `0xfc00` plus their number. */
export const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Load: 0x28,
  i32Load8U: 0x2d,
  i64Load32U: 0x35,
  i32Store: 0x36,
  i64Store32: 0x3e,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32LtU: 0x49,
  i32GtU: 0x4b,
  i64LtS: 0x53,
  i64LtU: 0x54,
  i64GtU: 0x56,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32Xor: 0x73,
  i32Shl: 0x74,
  i32ShrU: 0x76,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64And: 0x83,
  i64Or: 0x84,
  i64Shl: 0x86,
  i64ShrU: 0x88,
  i64ExtendI32U: 0xad,
  i32TruncSatF32S: 0xfc00,
  memoryInit: 0xfc08,
  dataDrop: 0xfc09,
  memoryCopy: 0xfc0a,
  memoryFill: 0xfc0b,
  tableInit: 0xfc0c,
  elemDrop: 0xfc0d,
  tableCopy: 0xfc0e,
} as const;

/** Types of values. */
export const valueType = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const;

/** The type of a block that takes and gives nothing. */
export const emptyBlock = 0x40;

/** What follows an opcode. */
export const immediate = {
  none: 0,
  blockType: 1,
  label: 2,
  labels: 3,
  function: 4,
  indirect: 5,
  local: 6,
  global: 7,
  memoryArgument: 8,
  memory: 9,
  i32: 10,
  i64: 11,
  f32: 12,
  f64: 13,
  types: 14,
  dataAndMemory: 15,
  data: 16,
  twoMemories: 17,
  elementAndTable: 18,
  element: 19,
  twoTables: 20,
} as const;

/** What an instruction is to the transformer. */
export interface Instruction {
  readonly immediate: number;
  readonly pops: number;
  readonly pushes: number;
  /** Price in gas. */
  readonly gas: number;
}

const { i32, i64, f32, f64 } = immediate;

// Lines of: first opcode, last opcode, immediate, operands popped, results pushed (for control and calls: see there).
const shapes: readonly (readonly [number, number, number, number, number])[] = [
  [0x00, 0x01, immediate.none, 0, 0],
  [0x02, 0x04, immediate.blockType, 0, 0],
  [0x05, 0x05, immediate.none, 0, 0],
  [0x0b, 0x0b, immediate.none, 0, 0],
  [0x0c, 0x0d, immediate.label, 0, 0],
  [0x0e, 0x0e, immediate.labels, 0, 0],
  [0x0f, 0x0f, immediate.none, 0, 0],
  [0x10, 0x10, immediate.function, 0, 0],
  [0x11, 0x11, immediate.indirect, 0, 0],
  [0x1a, 0x1a, immediate.none, 1, 0],
  [0x1b, 0x1b, immediate.none, 3, 1],
  [0x1c, 0x1c, immediate.types, 3, 1],
  [0x20, 0x20, immediate.local, 0, 1],
  [0x21, 0x21, immediate.local, 1, 0],
  [0x22, 0x22, immediate.local, 1, 1],
  [0x23, 0x23, immediate.global, 0, 1],
  [0x24, 0x24, immediate.global, 1, 0],
  [0x28, 0x35, immediate.memoryArgument, 1, 1], // loads
  [0x36, 0x3e, immediate.memoryArgument, 2, 0], // stores
  [0x3f, 0x3f, immediate.memory, 0, 1],
  [0x40, 0x40, immediate.memory, 1, 1],
  [0x41, 0x41, i32, 0, 1],
  [0x42, 0x42, i64, 0, 1],
  [0x43, 0x43, f32, 0, 1],
  [0x44, 0x44, f64, 0, 1],
  [0x45, 0x45, immediate.none, 1, 1],
  [0x46, 0x4f, immediate.none, 2, 1],
  [0x50, 0x50, immediate.none, 1, 1],
  [0x51, 0x66, immediate.none, 2, 1],
  [0x67, 0x69, immediate.none, 1, 1],
  [0x6a, 0x78, immediate.none, 2, 1],
  [0x79, 0x7b, immediate.none, 1, 1],
  [0x7c, 0x8a, immediate.none, 2, 1],
  [0x8b, 0x91, immediate.none, 1, 1],
  [0x92, 0x98, immediate.none, 2, 1],
  [0x99, 0x9f, immediate.none, 1, 1],
  [0xa0, 0xa6, immediate.none, 2, 1],
  [0xa7, 0xc4, immediate.none, 1, 1],
  [0xfc00, 0xfc07, immediate.none, 1, 1],
  [0xfc08, 0xfc08, immediate.dataAndMemory, 3, 0],
  [0xfc09, 0xfc09, immediate.data, 0, 0],
  [0xfc0a, 0xfc0a, immediate.twoMemories, 3, 0],
  [0xfc0b, 0xfc0b, immediate.memory, 3, 0],
  [0xfc0c, 0xfc0c, immediate.elementAndTable, 3, 0],
  [0xfc0d, 0xfc0d, immediate.element, 0, 0],
  [0xfc0e, 0xfc0e, immediate.twoTables, 3, 0],
];

function gasOf(opcode: number): number {
  if (opcode === op.end || opcode === op.else) return gasPrices.structure;
  if (opcode >= op.i32Load && opcode <= op.i64Store32) return gasPrices.memoryAccess;
  if ((opcode >= 0x6d && opcode <= 0x70) || (opcode >= 0x7f && opcode <= 0x82))
    return gasPrices.integerDivision;
  if (opcode === op.i32Mul || opcode === op.i64Mul) return gasPrices.integerMultiplication;
  if (opcode === op.memoryInit || opcode === op.memoryCopy || opcode === op.memoryFill)
    return gasPrices.bulkMemory;
  return gasPrices.instruction;
}

// One byte opcodes first, then those after a prefix, from 0xfb on.
const instructions: (Instruction | undefined)[] = [];
const slotOf = (opcode: number): number => (opcode < 0x100 ? opcode : opcode - 0xfb00 + 0x100);
for (const [first, last, kind, pops, pushes] of shapes) {
  for (let opcode = first; opcode <= last; opcode += 1) {
    instructions[slotOf(opcode)] = { immediate: kind, pops, pushes, gas: gasOf(opcode) };
  }
}

/** The instruction with `opcode`; `undefined` when contracts may not use it. */
export function instructionOf(opcode: number): Instruction | undefined {
  return instructions[slotOf(opcode)];
}

const saturating: readonly (readonly [from: number, to: number])[] = [
  [valueType.f32, valueType.i32],
  [valueType.f64, valueType.i32],
  [valueType.f32, valueType.i64],
  [valueType.f64, valueType.i64],
];

/** What a conversion that does not trap takes and gives; `undefined` when `opcode` is none. */
export function saturatedTypes(opcode: number): readonly [from: number, to: number] | undefined {
  return saturating[(opcode - op.i32TruncSatF32S) >> 1];
}

/** Why a contract may not use `opcode`, which has no {@link instructionOf}. */
export function refusalOf(opcode: number): string {
  const prefix = opcode > 0xff ? opcode >> 8 : opcode;
  if (prefix === 0xfd) return 'SIMD is not supported';
  if (prefix === 0xfe) return 'threads are not supported';
  if (prefix === 0xfb) return 'garbage collection is not supported';
  if (opcode === 0x12 || opcode === 0x13 || opcode === 0x15) return 'tail calls are not supported';
  if ((opcode >= 0x06 && opcode <= 0x0a) || opcode === 0x18 || opcode === 0x19 || opcode === 0x1f) {
    return 'exceptions are not supported';
  }
  if (opcode === 0x25 || opcode === 0x26 || (opcode >= 0xfc0f && opcode <= 0xfc11)) {
    return 'reference types other than call_indirect are not supported';
  }
  if (opcode === 0x14 || (opcode >= 0xd0 && opcode <= 0xd6)) {
    return 'reference types other than call_indirect are not supported';
  }
  return `unknown opcode 0x${opcode.toString(16)}`;
}
