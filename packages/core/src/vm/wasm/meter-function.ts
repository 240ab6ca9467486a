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

/** How many bytes each load and store touches, from `i32.load` on. */
const accessBytes = [4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4];

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

  /** Gas that is due but not yet taken from {@link #left}; always 0 in exact code. */
  #due = 0;
  /** Whether there has to be a look at what is left when it is taken. */
  #mustCheck = false;
  /** The blocks around the current instruction: their numbers, whether they are arms of an if, what jumps to them pay. */
  readonly #open: { readonly block: number; readonly arm: boolean; readonly prepaid: number }[] = [];
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
    const declared = definition.body.locals.reduce((total, group) => total + group.count, 0);
    this.#firstTemporary = this.#parameters + 2 + declared;
  }

  body(): Body {
    const out = this.#out;
    // Who runs out of something leaves this block, and does not come back: V8 keeps such code out of the way.
    out.op(op.block, emptyBlock);
    this.#takeStack();
    if (this.#wrapped) {
      out.byte(op.block);
      out.s32(this.#helpers.resultBlock(at(this.#metering.module.types, this.#definition.type)));
    }
    this.#begin(false);
    while (this.#code.next()) this.#instruction();
    if (this.#wrapped) out.end();
    this.#leave();
    out.op(op.return).end();
    out.get(this.#left).get(this.#room).call(this.#helpers.fail()).op(op.unreachable).end();
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
    else if (opcode >= op.i32Store && opcode <= op.i64Store32) this.#store();
    else if (opcode >= op.i32Load && opcode <= op.i64Load32U) this.#load();
    else code.write(this.#out);
    const floats = nanTypeOf(opcode);
    if (floats !== undefined) canonicalNan(this.#out, floats, this.#temporary(`value${floats}`, floats));
  }

  // Gas.

  /** Charges for a block that begins here. */
  #begin(arm: boolean, prepaid = 0): void {
    const block = this.#nextBlock;
    this.#nextBlock += 1;
    this.#open.push({ block, arm, prepaid });
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
    if (this.#exact || !repeats || this.#analysis.targetedByTable[block] === true) {
      this.#pay();
      this.#code.write(this.#out);
      this.#begin(false);
      this.#mustCheck = repeats && !this.#exact;
      return;
    }
    const prepaid = at(this.#analysis.blockGas, block);
    this.#due += prepaid;
    this.#pay();
    this.#code.write(this.#out);
    this.#begin(false, prepaid);
    this.#due = 0;
    this.#out.get(this.#left).i64(0).op(op.i64LtS);
    this.#failIf();
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
    out.get(this.#left).i64(0).op(op.i64LtS);
    this.#failIf();
    if (this.#exact) this.#publishGas();
  }

  /** Takes an i32: ends the contract if it is not 0. */
  #failIf(): void {
    const inner = Math.max(0, this.#open.length - 1);
    this.#out.branchIf(this.#wrapped && this.#open.length > 0 ? inner + 1 : inner);
  }

  #publishGas(): void {
    const { ceiling, gas } = this.#metering;
    this.#out.getGlobal(ceiling).get(this.#left).op(op.i64Sub).setGlobal(gas);
  }

  /** Takes stack for this function; in fast code also prepares to look at both counters at once. */
  #takeStack(): void {
    const out = this.#out;
    out.get(this.#room).i64(this.#analysis.stackUnits).op(op.i64Sub).tee(this.#room).i64(0).op(op.i64LtS);
    this.#failIf();
    this.#mustCheck = this.#analysis.calls;
  }

  /** What precedes every way out of the function. */
  #leave(): void {
    this.#pay();
    if (!this.#exact && this.#temporaryOf.has('dirty')) {
      const { dirty } = this.#metering;
      this.#out.getGlobal(dirty).get(this.#dirtyMask()).op(op.i64Or).setGlobal(dirty);
    }
    this.#out.get(this.#left);
  }

  // Calls.

  #call(index: number): void {
    if (this.#metering.isImport(index)) this.#callHost(index);
    else {
      this.#pay();
      this.#out.get(this.#left).get(this.#room).call(index).set(this.#left);
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
  }

  #bulk(helper: number): void {
    this.#pay();
    this.#out.get(this.#left).call(helper).set(this.#left);
  }

  // Memory.

  #load(): void {
    if (this.#metering.grows) {
      const address = this.#temporary('address', i32);
      this.#out.tee(address);
      this.#checkAccess(address);
      this.#out.get(address);
    }
    this.#code.write(this.#out);
  }

  #store(): void {
    const type = at(storedTypes, this.#code.opcode - op.i32Store);
    const address = this.#temporary('address', i32);
    const value = this.#temporary(`value${type}`, type);
    this.#out.set(value).set(address);
    if (this.#metering.grows) {
      this.#out.get(address);
      this.#checkAccess(address);
    }
    this.#mark(address);
    this.#out.get(address).get(value);
    this.#code.write(this.#out);
  }

  /** Takes the address of the access: traps if it goes beyond the memory that exists. */
  #checkAccess(address: number): void {
    const extent = this.#code.second + at(accessBytes, this.#code.opcode - op.i32Load);
    const last = this.#metering.initialBytes - extent;
    if (last >= 0) this.#out.i32(last).op(op.i32GtU).if();
    else this.#out.op(op.drop);
    this.#out.get(address).i64(extent).call(this.#helpers.checkExtent());
    if (last >= 0) this.#out.end();
  }

  /** Marks the chunk that a store begins in. */
  #mark(address: number): void {
    const out = this.#out;
    if (this.#exact) out.getGlobal(this.#metering.dirty);
    else out.get(this.#dirtyMask());
    out.i64(1).get(address);
    if (this.#code.second !== 0) out.i32(this.#code.second).op(op.i32Add);
    out.i32(17).op(op.i32ShrU, op.i64ExtendI32U, op.i64Shl, op.i64Or);
    if (this.#exact) out.setGlobal(this.#metering.dirty);
    else out.set(this.#dirtyMask());
  }

  // Locals.

  #local(index: number): number {
    return index < this.#parameters ? index : index + 2;
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
