import { extentOf } from './access-plan.js';
import type { Access } from './access-plan.js';
import type { FunctionFrame } from './function-frame.js';
import { chunkBits } from './limits.js';
import { at } from './module.js';
import { op, valueType } from './opcodes.js';

const { i32, i64, f32, f64 } = valueType;

/** The type of what each store stores, from `i32.store` on. */
const storedTypes = [i32, i64, f32, f64, i32, i32, i64, i64, i64];

/** As many as there are bits in a mark. */
const chunkCount = 64;

/** Pages are 2 to the power of this long. */
const pageBits = 16;

/** More locals than this would only move others out of registers. */
const maximumSites = 4;

/** Injects what loads and stores of one function need: a look at the end of memory, and marks of what is written. */
export class MemoryMeter {
  readonly #frame: FunctionFrame;
  /** Number of the next load or store. */
  #nextAccess = 0;
  /** How many stores have a local for the chunk they marked last. */
  #sites = 0;
  /** Accesses by the number of the instruction that makes their address. */
  readonly #madeBy = new Map<number, Access>();
  /** Whether marks are collected in a local. */
  readonly #marksLocally: boolean;
  /** The marks of stores to constant addresses: made on leaving, whether or not the stores happened. */
  readonly #constantMarks: bigint;

  constructor(frame: FunctionFrame) {
    this.#frame = frame;
    const accesses = frame.exact ? [] : frame.analysis.accesses;
    for (const access of accesses) {
      if (access.origin?.kind === 'instruction') this.#madeBy.set(access.origin.number, access);
    }
    const marks = accesses.filter((access) => access.mark !== undefined);
    this.#marksLocally = marks.some(({ origin }) => origin?.kind !== 'constant');
    this.#constantMarks = marks.reduce((bits, access) => bits | constantMark(access), 0n);
  }

  /** Writes the load or store at hand. */
  access(): void {
    const access = at(this.#frame.analysis.accesses, this.#nextAccess);
    this.#nextAccess += 1;
    if (access.dead) this.#frame.code.write(this.#frame.out);
    else if (this.#frame.exact) this.#accessExactly();
    else {
      const { origin } = access;
      if (origin?.kind === 'local') this.#prepare(access, this.#frame.local(origin.index));
      else if (origin?.kind === 'constant') this.#prepareConstant(access, origin.value);
      else if (origin === undefined) this.#prepareHere(access);
      // Otherwise this was done when the address was made.
      this.#frame.code.write(this.#frame.out);
    }
  }

  /** Looks after an access whose address is in a local. */
  #prepare(access: Access, address: number): void {
    if (access.extent !== 0 && this.#frame.metering.grows) {
      const out = this.#frame.out.get(address);
      if (this.#frame.looksAtEnd) {
        // An address so large that the sum wraps around is refused by V8.
        out.i32(access.extent).op(op.i32Add).get(this.#memoryEnd()).op(op.i32GtU);
        this.#frame.exitIf('memory');
      } else out.i64(access.extent).call(this.#frame.helpers.checkExtent());
    }
    if (access.mark === undefined) return;
    const loop = this.#frame.loops.at(-1);
    const innermost = loop !== undefined && this.#frame.analysis.containsLoop[loop.block] === false;
    if (innermost && this.#sites < maximumSites) this.#markOnChange(address, access.mark);
    else this.#mark(address, access.mark);
  }

  /** Looks after an access whose address is known beforehand. */
  #prepareConstant(access: Access, address: number): void {
    const { grows, initialBytes } = this.#frame.metering;
    if (!grows || address + access.extent <= initialBytes) return;
    const { out, helpers } = this.#frame;
    if (this.#frame.looksAtEnd) {
      out
        .i32(Math.min(address + access.extent, 0x7fff_ffff))
        .get(this.#memoryEnd())
        .op(op.i32GtU);
      this.#frame.exitIf('memory');
    } else out.i32(address).i64(access.extent).call(helpers.checkExtent());
  }

  /** Looks after an access whose address is on the stack, and for a store the value above it. */
  #prepareHere(access: Access): void {
    const load = access.mark === undefined;
    if (access.extent === 0 || (load && !this.#frame.metering.grows)) return;
    const address = this.#frame.temporary('address', i32);
    if (load) {
      this.#frame.out.tee(address);
      this.#prepare(access, address);
      return;
    }
    const value = this.#valueTemporary();
    this.#frame.out.set(value).tee(address);
    this.#prepare(access, address);
    this.#frame.out.get(value);
  }

  /** Looks after the access, if any, whose address instruction `number` has just made. */
  addressMade(number: number): void {
    const access = this.#madeBy.get(number);
    if (access === undefined || (access.mark === undefined && !this.#frame.metering.grows)) return;
    const address = this.#frame.temporary('address', i32);
    this.#frame.out.tee(address);
    this.#prepare(access, address);
  }

  /** In exact code every access is looked after where it happens, and by itself. */
  #accessExactly(): void {
    const out = this.#frame.out;
    const { opcode, second: offset } = this.#frame.code;
    const store = opcode >= op.i32Store;
    if (!store && !this.#frame.metering.grows) {
      this.#frame.code.write(out);
      return;
    }
    const address = this.#frame.temporary('address', i32);
    const value = store ? this.#valueTemporary() : 0;
    if (store) out.set(value);
    out.tee(address);
    if (this.#frame.metering.grows)
      out.get(address).i64(extentOf(opcode, offset)).call(this.#frame.helpers.checkExtent());
    if (store) {
      out.get(address);
      if (offset !== 0) out.i32(offset).op(op.i32Add);
      out.call(this.#frame.helpers.mark());
    }
    if (store) out.get(value);
    this.#frame.code.write(out);
  }

  /**
   * Marks a chunk, but only if the last address seen here was in another. Stores in the innermost loops go from one
   * address to one nearby: this is a comparison for each, and a mark now and then. What was last is kept inverted, so that
   * the zero that a local begins with is no address.
   */
  #markOnChange(address: number, offset: number): void {
    const out = this.#frame.out;
    const last = this.#frame.temporary(`last${this.#sites}`, i32);
    this.#sites += 1;
    out.get(address);
    if (offset !== 0) out.i32(offset).op(op.i32Add);
    out
      .get(last)
      .op(op.i32Xor)
      .i32(-(2 ** chunkBits))
      .op(op.i32LtU)
      .if();
    out.get(address);
    if (offset !== 0) out.i32(offset).op(op.i32Add);
    out.i32(-1).op(op.i32Xor).set(last);
    this.#mark(address, offset);
    out.end();
  }

  /** Marks the chunk `offset` bytes after an address. */
  #mark(address: number, offset: number): void {
    const out = this.#frame.out;
    out.get(this.#dirtyMask()).i64(1).get(address);
    if (offset !== 0) out.i32(offset).op(op.i32Add);
    out.i32(chunkBits).op(op.i32ShrU, op.i64ExtendI32U, op.i64Shl, op.i64Or);
    out.set(this.#dirtyMask());
  }

  /** Adds the marks of this function to those of all; has to be done on every way out of it. */
  publishMarks(): void {
    this.#publish(this.#constantMarks);
  }

  #publish(more: bigint): void {
    if (!this.#marksLocally && more === 0n) return;
    const out = this.#frame.out;
    out.getGlobal(this.#frame.metering.dirty);
    if (this.#marksLocally) out.get(this.#dirtyMask()).op(op.i64Or);
    if (more !== 0n) out.i64(BigInt.asIntN(64, more)).op(op.i64Or);
    out.setGlobal(this.#frame.metering.dirty);
  }

  /**
   * Publishes marks before a loop that makes none: through the loop there is then one value less to keep, which V8 would
   * otherwise hold in a register.
   */
  beforeLoop(block: number): void {
    const inner = this.#frame.loops.length > 0;
    if (!this.#marksLocally || inner || this.#frame.analysis.stores[block] === true) return;
    this.#publish(0n);
    this.#frame.out.i64(0).set(this.#dirtyMask());
  }

  /** The local that holds where memory ends, if this function asks for it. */
  #memoryEnd(): number {
    return this.#frame.temporary('end', i32);
  }

  /** Learns where memory ends, at the beginning and after whatever may have grown it. */
  learnEnd(): void {
    if (this.#frame.looksAtEnd)
      this.#frame.out
        .getGlobal(this.#frame.metering.pages)
        .i32(pageBits)
        .op(op.i32Shl)
        .set(this.#memoryEnd());
  }

  #valueTemporary(): number {
    const type = at(storedTypes, this.#frame.code.opcode - op.i32Store);
    return this.#frame.temporary(`value${type}`, type);
  }

  #dirtyMask(): number {
    return this.#frame.temporary('dirty', i64);
  }
}

/** The mark of a store to a constant address. What is beyond the largest memory traps, and marks nothing. */
function constantMark({ origin, mark }: Access): bigint {
  if (origin?.kind !== 'constant' || mark === undefined) return 0n;
  const chunk = Math.floor((origin.value + mark) / 2 ** chunkBits);
  return chunk < chunkCount ? 1n << BigInt(chunk) : 0n;
}
