import { deserializationError } from './contract-error.js';
import { immediate, instructionOf, refusalOf } from './opcodes.js';
import type { Instruction } from './opcodes.js';
import { Reader } from './reader.js';
import type { Writer } from './writer.js';

/**
 * Walks through the instructions of a function body, one at a time and without allocating. After {@link next} the
 * fields describe the current instruction.
 */
export class Code {
  readonly #reader: Reader;
  /** Opcode; those after the prefix `0xfc` are `0xfc00` plus their number. */
  opcode = 0;
  instruction: Instruction | undefined;
  /** Where the instruction begins. */
  start = 0;
  /**
   * The first immediate: index, label depth, type index, alignment, value of an `i32.const`, or number of labels. The type
   * of a block is its type index, or the negative number that the binary format has.
   */
  first = 0;
  /** The second immediate: table, memory, or offset. */
  second = 0;
  #immediateStart = 0;

  constructor(code: Uint8Array) {
    this.#reader = new Reader(code);
  }

  /** Where the next instruction begins. */
  get end(): number {
    return this.#reader.position;
  }

  /**
   * Steps to the next instruction.
   * @returns whether there is one
   * @throws ContractError when it is malformed or not for contracts
   */
  next(): boolean {
    const reader = this.#reader;
    if (reader.atEnd) return false;
    this.start = reader.position;
    let opcode = reader.byte();
    if (opcode >= 0xfb) {
      const number = reader.u32();
      // Only 0xfc has instructions that are allowed, and few: a large number must not look like one of them.
      opcode = (opcode << 8) | Math.min(number, 0xff);
    }
    this.opcode = opcode;
    this.instruction = instructionOf(opcode);
    if (this.instruction === undefined) throw deserializationError('UNSUPPORTED', refusalOf(opcode));
    this.#immediateStart = reader.position;
    this.#readImmediate(this.instruction.immediate);
    return true;
  }

  #readImmediate(kind: number): void {
    const reader = this.#reader;
    switch (kind) {
      case immediate.none:
        return;
      case immediate.local:
      case immediate.global:
      case immediate.label:
      case immediate.function:
      case immediate.data:
      case immediate.element:
        this.first = reader.u32();
        return;
      case immediate.memoryArgument:
        this.first = reader.u32();
        if (this.first > 0x3f)
          throw deserializationError('UNSUPPORTED', 'several memories are not supported');
        this.second = reader.u32();
        return;
      case immediate.i32:
      case immediate.blockType:
        this.first = reader.s32();
        return;
      case immediate.i64:
        reader.skipS64();
        return;
      case immediate.f32:
        reader.skip(4);
        return;
      case immediate.f64:
        reader.skip(8);
        return;
      case immediate.labels:
        this.first = reader.u32();
        this.#immediateStart = reader.position;
        for (let index = 0; index <= this.first; index += 1) reader.u32();
        return;
      case immediate.indirect:
        this.first = reader.u32();
        this.second = reader.u32();
        if (this.second !== 0) throw deserializationError('UNSUPPORTED', 'several tables are not supported');
        return;
      case immediate.memory:
        if (reader.u32() !== 0)
          throw deserializationError('UNSUPPORTED', 'several memories are not supported');
        return;
      case immediate.dataAndMemory:
        this.first = reader.u32();
        if (reader.u32() !== 0)
          throw deserializationError('UNSUPPORTED', 'several memories are not supported');
        return;
      case immediate.twoMemories:
        if (reader.u32() !== 0 || reader.u32() !== 0) {
          throw deserializationError('UNSUPPORTED', 'several memories are not supported');
        }
        return;
      case immediate.elementAndTable:
        this.first = reader.u32();
        if (reader.u32() !== 0) throw deserializationError('UNSUPPORTED', 'several tables are not supported');
        return;
      case immediate.twoTables:
        if (reader.u32() !== 0 || reader.u32() !== 0) {
          throw deserializationError('UNSUPPORTED', 'several tables are not supported');
        }
        return;
      case immediate.types:
        this.first = reader.u32();
        for (let index = 0; index < this.first; index += 1) reader.byte();
        return;
      default:
        throw new RangeError(`no immediate ${kind}`);
    }
  }

  /** The labels of a `br_table`, the default one last. */
  *labels(): Generator<number> {
    const reader = new Reader(this.#reader.bytes, this.#immediateStart);
    for (let index = 0; index <= this.first; index += 1) yield reader.u32();
  }

  /** Writes the instruction in its shortest form, with other immediates in place of `first` where it is an index. */
  write(writer: Writer, first = this.first): void {
    const { opcode } = this;
    if (opcode > 0xff) {
      writer.byte(opcode >> 8);
      writer.u32(opcode & 0xff);
    } else {
      writer.byte(opcode);
    }
    this.#writeImmediate(writer, first);
  }

  #writeImmediate(writer: Writer, first: number): void {
    const { bytes } = this.#reader;
    switch (this.instruction?.immediate ?? immediate.none) {
      case immediate.local:
      case immediate.global:
      case immediate.label:
      case immediate.function:
      case immediate.data:
      case immediate.element:
        writer.u32(first);
        return;
      case immediate.memoryArgument:
      case immediate.indirect:
        writer.u32(first);
        writer.u32(this.second);
        return;
      case immediate.i32:
      case immediate.blockType:
        writer.s32(first);
        return;
      case immediate.i64:
        writer.shortened(bytes, this.#immediateStart, this.end);
        return;
      case immediate.f32:
      case immediate.f64:
        writer.copy(bytes, this.#immediateStart, this.end);
        return;
      case immediate.labels:
        writer.u32(first);
        for (const label of this.labels()) writer.u32(label);
        return;
      case immediate.memory:
        writer.byte(0);
        return;
      case immediate.dataAndMemory:
      case immediate.elementAndTable:
        writer.u32(first);
        writer.byte(0);
        return;
      case immediate.twoMemories:
      case immediate.twoTables:
        writer.byte(0);
        writer.byte(0);
        return;
      case immediate.types:
        writer.u32(first);
        writer.copy(bytes, this.end - first, this.end);
        return;
      default:
    }
  }
}
