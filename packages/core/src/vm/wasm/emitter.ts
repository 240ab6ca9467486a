import { emptyBlock, op } from './opcodes.js';
import { Writer } from './writer.js';

/** Writes instructions. Each method returns the emitter, so that short sequences read as one line. */
export class Emitter extends Writer {
  op(...opcodes: readonly number[]): this {
    for (const opcode of opcodes) this.byte(opcode);
    return this;
  }

  get(local: number): this {
    this.byte(op.localGet);
    this.u32(local);
    return this;
  }

  set(local: number): this {
    this.byte(op.localSet);
    this.u32(local);
    return this;
  }

  tee(local: number): this {
    this.byte(op.localTee);
    this.u32(local);
    return this;
  }

  getGlobal(global: number): this {
    this.byte(op.globalGet);
    this.u32(global);
    return this;
  }

  setGlobal(global: number): this {
    this.byte(op.globalSet);
    this.u32(global);
    return this;
  }

  i32(value: number): this {
    this.byte(op.i32Const);
    this.s32(value);
    return this;
  }

  i64(value: number | bigint): this {
    this.byte(op.i64Const);
    if (typeof value === 'number' && value === (value | 0)) this.s32(value);
    else this.s64(BigInt(value));
    return this;
  }

  call(index: number): this {
    this.byte(op.call);
    this.u32(index);
    return this;
  }

  branchIf(label: number): this {
    this.byte(op.brIf);
    this.u32(label);
    return this;
  }

  /** An instruction of the group behind the prefix 0xfc; immediates follow. */
  prefixed(opcode: number, ...immediates: readonly number[]): this {
    this.byte(opcode >> 8);
    this.u32(opcode & 0xff);
    for (const value of immediates) this.u32(value);
    return this;
  }

  /** `if` without a result. */
  if(): this {
    return this.op(op.if, emptyBlock);
  }

  end(): this {
    return this.op(op.end);
  }
}
