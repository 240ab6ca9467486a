import { extentOf } from './access-plan.js';
import type { Access } from './access-plan.js';
import type { Analysis } from './analyse.js';
import { Code } from './code.js';
import { Emitter } from './emitter.js';
import type { Helpers } from './helpers.js';
import type { Metering } from './metering.js';
import { at } from './module.js';
import type { Body, DefinedFunction, LocalGroup } from './module.js';
import { canonicalNan, nanTypeOf } from './nan.js';
import { emptyBlock, immediate, op, valueType } from './opcodes.js';

/**
 * The body of a function with metering injected. The function has two more parameters, the gas that is left and the
 * stack that is free, and one more result, the gas that is left after it.
 */
export function meterFunction(
  metering: Metering,
  helpers: Helpers,
  definition: DefinedFunction,
  analysis: Analysis,
): Body {
  return new FunctionMeter(metering, helpers, definition, analysis).body();
}

const { i32, i64, f32, f64 } = valueType;

/** The type of what each store stores, from `i32.store` on. */
const storedTypes = [i32, i64, f32, f64, i32, i32, i64, i64, i64];

/** Chunks of memory are 2 to the power of this long. */
const chunkBits = 17;

/** As many as there are bits in a mark. */
const chunkCount = 64;

/** Pages are 2 to the power of this long. */
const pageBits = 16;

/** More locals than this would only move others out of registers. */
const maximumSites = 4;

/** A block that has begun and not ended. */
interface OpenBlock {
  /** Its number in {@link Analysis.blockGas}. */
  readonly block: number;
  /** Whether it is an arm of an if. */
  readonly arm: boolean;
  /** Gas that whoever branches to it pays in advance. */
  readonly prepaid: number;
  /** Whether it is a loop that comes round. */
  readonly repeats: boolean;
}

class FunctionMeter {
  readonly #metering: Metering;
  readonly #helpers: Helpers;
  readonly #definition: DefinedFunction;
  readonly #analysis: Analysis;
  readonly #exact: boolean;
  /** Whether branches to the end of the function have to be caught, to come by our own end of it. */
  readonly #wrapped: boolean;
  readonly #out: Emitter;
  readonly #code: Code;

  /** How many locals the function had; the two new parameters stand between its parameters and the rest. */
  readonly #parameters: number;
  readonly #left: number;
  readonly #room: number;
  /** Locals of our own: a group for each, from {@link #firstTemporary} on. */
  readonly #temporaries: LocalGroup[] = [];
  readonly #temporaryOf = new Map<string, number>();
  readonly #firstTemporary: number;

  /** Number of the instruction at hand, and of the next load or store. */
  #number = -1;
  #nextAccess = 0;
  /** How many stores have a local for the chunk they marked last. */
  #sites = 0;
  /** Accesses by the number of the instruction that makes their address. */
  readonly #madeBy = new Map<number, Access>();
  /** Whether this function compares addresses with the end of memory. */
  readonly #looksAtEnd: boolean;
  /** Whether it collects marks in a local. */
  readonly #marksLocally: boolean;
  /** The marks of stores to constant addresses: made on leaving, whether or not the stores happened. */
  readonly #constantMarks: bigint;

  /** Gas that is due but not yet taken from {@link #left}; always 0 in exact code. */
  #due = 0;
  /** Whether there has to be a look at what is left when it is taken. */
  #mustCheck = false;
  /** The blocks around the current instruction, outermost first. */
  readonly #open: OpenBlock[] = [];
  #nextBlock = 0;

  constructor(metering: Metering, helpers: Helpers, definition: DefinedFunction, analysis: Analysis) {
    this.#metering = metering;
    this.#helpers = helpers;
    this.#definition = definition;
    this.#analysis = analysis;
    this.#exact = metering.variant === 'exact';
    this.#wrapped = analysis.targeted[0] === true;
    this.#out = new Emitter(definition.body.code.length * 2);
    this.#code = new Code(definition.body.code);
    const { parameters } = at(metering.module.types, definition.type);
    this.#parameters = parameters.length;
    this.#left = this.#parameters;
    this.#room = this.#parameters + 1;
    for (const access of analysis.accesses) {
      if (access.origin?.kind === 'instruction') this.#madeBy.set(access.origin.number, access);
    }
    const marks = this.#exact ? [] : analysis.accesses.filter((access) => access.mark !== undefined);
    this.#marksLocally = marks.some(({ origin }) => origin?.kind !== 'constant');
    this.#constantMarks = marks.reduce((bits, access) => bits | constantMark(access), 0n);
    this.#looksAtEnd =
      !this.#exact && metering.grows && analysis.accesses.some((access) => access.extent !== 0);
    const declared = definition.body.locals.reduce((total, group) => total + group.count, 0);
    this.#firstTemporary = this.#parameters + 2 + declared;
  }

  body(): Body {
    const out = this.#out;
    // Who runs out of something leaves these blocks, and does not come back: V8 keeps such code out of the way.
    for (let exit = this.#looksAtEnd ? 3 : 2; exit > 0; exit -= 1) out.op(op.block, emptyBlock);
    this.#takeStack();
    this.#learnEnd();
    if (this.#wrapped) {
      out.byte(op.block);
      out.s32(this.#helpers.resultBlock(at(this.#metering.module.types, this.#definition.type)));
    }
    this.#begin(false);
    while (this.#code.next()) {
      this.#number += 1;
      this.#instruction();
    }
    if (this.#wrapped) out.end();
    this.#leave();
    out.op(op.return).end();
    // Beyond the end of memory fast code just traps, and exact code tells what it was.
    if (this.#looksAtEnd) out.op(op.unreachable).end();
    out.call(this.#helpers.outOfGas()).op(op.unreachable).end();
    out.call(this.#helpers.outOfStack()).op(op.unreachable).end();
    return { locals: [...this.#definition.body.locals, ...this.#temporaries], code: this.#out.written };
  }

  #instruction(): void {
    const code = this.#code;
    const out = this.#out;
    switch (code.opcode) {
      case op.block:
        code.write(out);
        this.#begin(false);
        return;
      case op.loop:
        this.#loop();
        return;
      case op.if:
        this.#pay();
        code.write(out);
        this.#begin(true);
        return;
      case op.else:
        this.#pay();
        this.#open.pop();
        code.write(out);
        this.#begin(true);
        return;
      case op.end:
        this.#end();
        return;
      case op.br:
        this.#due += this.#prepaid(code.first);
        this.#pay();
        code.write(out);
        return;
      case op.brIf:
        this.#branchIf();
        return;
      case op.brTable:
        this.#pay();
        code.write(out);
        return;
      case op.return:
        this.#pay();
        this.#leave();
        code.write(out);
        return;
      case op.call:
        this.#call(code.first);
        return;
      case op.callIndirect:
        this.#callIndirect(code.first);
        return;
      case op.memorySize:
        if (this.#metering.grows) out.getGlobal(this.#metering.pages);
        else code.write(out);
        return;
      case op.memoryGrow:
        this.#pay();
        out.get(this.#left).get(this.#room).call(this.#helpers.grow()).set(this.#left);
        this.#learnEnd();
        return;
      case op.memoryFill:
        this.#bulk(this.#helpers.fill());
        return;
      case op.memoryCopy:
        this.#bulk(this.#helpers.copy());
        return;
      case op.memoryInit:
        this.#bulk(this.#helpers.init(code.first));
        return;
      default:
        this.#ordinary();
    }
  }

  #ordinary(): void {
    const code = this.#code;
    const { opcode } = code;
    if (code.instruction?.immediate === immediate.local) code.write(this.#out, this.#local(code.first));
    else if (opcode >= op.i32Load && opcode <= op.i64Store32) this.#access();
    else code.write(this.#out);
    if (!this.#exact) this.#prepareMade();
    const floats = nanTypeOf(opcode);
    if (floats !== undefined) canonicalNan(this.#out, floats, this.#temporary(`value${floats}`, floats));
  }

  // Gas.

  /** Charges for a block that begins here. */
  #begin(arm: boolean, prepaid = 0, repeats = false): void {
    const block = this.#nextBlock;
    this.#nextBlock += 1;
    this.#open.push({ block, arm, prepaid, repeats });
    this.#due += at(this.#analysis.blockGas, block);
    if (this.#exact) {
      this.#mustCheck = true;
      this.#pay();
    }
  }

  /**
   * A loop is charged each time round. In fast code who jumps to its beginning pays for it, together with what is due
   * there anyway: once around is then one subtraction and one look at the result.
   */
  #loop(): void {
    const block = this.#nextBlock;
    const repeats = this.#analysis.targeted[block] === true;
    this.#publishMarksBeforeLoop(block);
    if (this.#exact || !repeats || this.#analysis.targetedByTable[block] === true) {
      this.#pay();
      this.#code.write(this.#out);
      this.#begin(false, 0, repeats);
      this.#mustCheck = repeats && !this.#exact;
      return;
    }
    const prepaid = at(this.#analysis.blockGas, block);
    this.#due += prepaid;
    this.#pay();
    this.#code.write(this.#out);
    this.#begin(false, prepaid, true);
    this.#due = 0;
    this.#checkGas();
  }

  #branchIf(): void {
    // If the branch is not taken, what was paid for the target comes back with the next payment.
    const prepaid = this.#prepaid(this.#code.first);
    this.#due += prepaid;
    this.#pay();
    this.#code.write(this.#out);
    this.#due -= prepaid;
  }

  /** What a branch to `label` pays for the block it leads to. */
  #prepaid(label: number): number {
    return this.#open[this.#open.length - 1 - label]?.prepaid ?? 0;
  }

  #end(): void {
    const ended = this.#open.pop();
    // Two ways that meet here have to have paid the same way; a block that nobody leaves early is one way.
    if (ended !== undefined && (ended.arm || this.#analysis.targeted[ended.block] === true)) this.#pay();
    if (this.#open.length > 0) this.#out.end();
  }

  /** Takes what is due. */
  #pay(): void {
    if (this.#due === 0 && !this.#mustCheck) return;
    const out = this.#out;
    if (this.#due !== 0) out.get(this.#left).i64(this.#due).op(op.i64Sub).set(this.#left);
    this.#due = 0;
    if (!this.#mustCheck) return;
    this.#mustCheck = false;
    this.#checkGas();
    if (this.#exact) this.#publishGas();
  }

  /** Looks at what is left: ends the contract if it is negative. */
  #checkGas(): void {
    this.#out.get(this.#left).i64(0).op(op.i64LtS);
    this.#leaveIf(this.#looksAtEnd ? 1 : 0);
  }

  /** Takes an i32: if it is not 0, leaves for one of the blocks around the body, counted from inside. */
  #leaveIf(exit: number): void {
    const inner = Math.max(0, this.#open.length - 1) + (this.#wrapped && this.#open.length > 0 ? 1 : 0);
    this.#out.branchIf(inner + exit);
  }

  #publishGas(): void {
    const { ceiling, gas } = this.#metering;
    this.#out.getGlobal(ceiling).get(this.#left).op(op.i64Sub).setGlobal(gas);
  }

  /** Takes stack for this function; in fast code also prepares to look at both counters at once. */
  #takeStack(): void {
    const out = this.#out;
    out.get(this.#room).i64(this.#analysis.stackUnits).op(op.i64Sub).tee(this.#room).i64(0).op(op.i64LtS);
    this.#leaveIf(this.#looksAtEnd ? 2 : 1);
    this.#mustCheck = this.#analysis.calls;
  }

  /** What precedes every way out of the function. */
  #leave(): void {
    this.#pay();
    this.#publishMarks(this.#constantMarks);
    this.#out.get(this.#left);
  }

  // Calls.

  #call(index: number): void {
    if (this.#metering.isImport(index)) this.#callHost(index);
    else {
      this.#pay();
      this.#out.get(this.#left).get(this.#room).call(index).set(this.#left);
      if (this.#metering.growing.functions.has(index)) this.#learnEnd();
    }
  }

  #callHost(index: number): void {
    const { ceiling, gas } = this.#metering;
    if (!this.#exact) {
      this.#mustCheck = true;
      this.#pay();
      this.#publishGas();
    }
    this.#out.call(index).getGlobal(ceiling).getGlobal(gas).op(op.i64Sub).set(this.#left);
  }

  #callIndirect(type: number): void {
    this.#pay();
    const index = this.#temporary('address', i32);
    this.#out.set(index).get(this.#left).get(this.#room).get(index);
    this.#code.write(this.#out, this.#metering.meteredType(type));
    this.#out.set(this.#left);
    if (this.#metering.growing.throughTable) this.#learnEnd();
  }

  #bulk(helper: number): void {
    this.#pay();
    this.#out.get(this.#left).call(helper).set(this.#left);
  }

  // Memory.

  #access(): void {
    const access = at(this.#analysis.accesses, this.#nextAccess);
    this.#nextAccess += 1;
    if (this.#exact) this.#accessExactly();
    else {
      const { origin } = access;
      if (origin?.kind === 'local') this.#prepare(access, this.#local(origin.index));
      else if (origin?.kind === 'constant') this.#prepareConstant(access, origin.value);
      else if (origin === undefined) this.#prepareHere(access);
      // Otherwise this was done when the address was made.
      this.#code.write(this.#out);
    }
  }

  /** Looks after an access whose address is in a local. */
  #prepare(access: Access, address: number): void {
    if (access.extent !== 0 && this.#metering.grows) {
      // An address so large that the sum wraps around is refused by V8.
      this.#out.get(address).i32(access.extent).op(op.i32Add).get(this.#memoryEnd()).op(op.i32GtU);
      this.#leaveIf(0);
    }
    if (access.mark === undefined) return;
    const loop = this.#open.findLast((block) => block.repeats);
    const innermost = loop !== undefined && this.#analysis.containsLoop[loop.block] === false;
    if (innermost && this.#sites < maximumSites) this.#markOnChange(address, access.mark);
    else this.#mark(address, access.mark);
  }

  /** Looks after an access whose address is known beforehand. */
  #prepareConstant(access: Access, address: number): void {
    const { grows, initialBytes } = this.#metering;
    if (grows && address + access.extent > initialBytes) {
      this.#out
        .i32(Math.min(address + access.extent, 0x7fff_ffff))
        .get(this.#memoryEnd())
        .op(op.i32GtU);
      this.#leaveIf(0);
    }
  }

  /** Looks after an access whose address is on the stack, and for a store the value above it. */
  #prepareHere(access: Access): void {
    const load = access.mark === undefined;
    if (access.extent === 0 || (load && !this.#metering.grows)) return;
    const address = this.#temporary('address', i32);
    if (load) {
      this.#out.tee(address);
      this.#prepare(access, address);
      return;
    }
    const value = this.#valueTemporary();
    this.#out.set(value).tee(address);
    this.#prepare(access, address);
    this.#out.get(value);
  }

  /** Looks after the access, if any, whose address has just been made. */
  #prepareMade(): void {
    const access = this.#madeBy.get(this.#number);
    if (access === undefined || (access.mark === undefined && !this.#metering.grows)) return;
    const address = this.#temporary('address', i32);
    this.#out.tee(address);
    this.#prepare(access, address);
  }

  /** In exact code every access is looked after where it happens, and by itself. */
  #accessExactly(): void {
    const out = this.#out;
    const { opcode, second: offset } = this.#code;
    const store = opcode >= op.i32Store;
    if (!store && !this.#metering.grows) {
      this.#code.write(out);
      return;
    }
    const address = this.#temporary('address', i32);
    const value = store ? this.#valueTemporary() : 0;
    if (store) out.set(value);
    out.set(address);
    if (this.#metering.grows)
      out.get(address).i64(extentOf(opcode, offset)).call(this.#helpers.checkExtent());
    if (store) this.#mark(address, offset);
    out.get(address);
    if (store) out.get(value);
    this.#code.write(out);
  }

  /**
   * Marks a chunk, but only if the last address seen here was in another. Stores in the innermost loops go from one
   * address to one nearby: this is a comparison for each, and a mark now and then. What was last is kept inverted, so that
   * the zero that a local begins with is no address.
   */
  #markOnChange(address: number, offset: number): void {
    const out = this.#out;
    const last = this.#temporary(`last${this.#sites}`, i32);
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
    const out = this.#out;
    if (this.#exact) out.getGlobal(this.#metering.dirty);
    else out.get(this.#dirtyMask());
    out.i64(1).get(address);
    if (offset !== 0) out.i32(offset).op(op.i32Add);
    out.i32(chunkBits).op(op.i32ShrU, op.i64ExtendI32U, op.i64Shl, op.i64Or);
    if (this.#exact) out.setGlobal(this.#metering.dirty);
    else out.set(this.#dirtyMask());
  }

  /** Adds the marks of this function, and `more`, to those of all. */
  #publishMarks(more: bigint): void {
    if (!this.#marksLocally && more === 0n) return;
    const out = this.#out;
    out.getGlobal(this.#metering.dirty);
    if (this.#marksLocally) out.get(this.#dirtyMask()).op(op.i64Or);
    if (more !== 0n) out.i64(BigInt.asIntN(64, more)).op(op.i64Or);
    out.setGlobal(this.#metering.dirty);
  }

  /**
   * Publishes marks before a loop that makes none: through the loop there is then one value less to keep, which V8 would
   * otherwise hold in a register.
   */
  #publishMarksBeforeLoop(block: number): void {
    const inner = this.#open.some((open) => open.repeats);
    if (!this.#marksLocally || inner || this.#analysis.stores[block] === true) return;
    this.#publishMarks(0n);
    this.#out.i64(0).set(this.#dirtyMask());
  }

  /** The local that holds where memory ends, if this function asks for it. */
  #memoryEnd(): number {
    return this.#temporary('end', i32);
  }

  /** Learns where memory ends, at the beginning and after whatever may have grown it. */
  #learnEnd(): void {
    if (this.#looksAtEnd)
      this.#out.getGlobal(this.#metering.pages).i32(pageBits).op(op.i32Shl).set(this.#memoryEnd());
  }

  // Locals.

  #local(index: number): number {
    return index < this.#parameters ? index : index + 2;
  }

  #valueTemporary(): number {
    const type = at(storedTypes, this.#code.opcode - op.i32Store);
    return this.#temporary(`value${type}`, type);
  }

  #dirtyMask(): number {
    return this.#temporary('dirty', i64);
  }

  #temporary(name: string, type: number): number {
    const known = this.#temporaryOf.get(name);
    if (known !== undefined) return known;
    const index = this.#firstTemporary + this.#temporaries.length;
    this.#temporaries.push({ count: 1, type });
    this.#temporaryOf.set(name, index);
    return index;
  }
}

/** The mark of a store to a constant address. What is beyond the largest memory traps, and marks nothing. */
function constantMark({ origin, mark }: Access): bigint {
  if (origin?.kind !== 'constant' || mark === undefined) return 0n;
  const chunk = Math.floor((origin.value + mark) / 2 ** chunkBits);
  return chunk < chunkCount ? 1n << BigInt(chunk) : 0n;
}
