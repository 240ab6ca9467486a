import type { Analysis } from './analyse.js';
import { FunctionFrame } from './function-frame.js';
import type { Helpers } from './helpers.js';
import { MemoryMeter } from './memory-meter.js';
import type { Metering } from './metering.js';
import { at } from './module.js';
import type { Body, DefinedFunction } from './module.js';
import { canonicalNan, nanTypeOf } from './nan.js';
import type { FloatType } from './nan.js';
import { immediate, op, saturatedTypes, valueType } from './opcodes.js';

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
  return new FunctionMeter(new FunctionFrame(metering, helpers, definition, analysis)).body();
}

/** A function that takes more gas than this once through looks at what is left even if it calls nothing. */
const longFunction = 1_000;

/** With more float operations than this they are made canonical by a call: to V8 it is little, and inline it is a lot. */
const manyFloats = 1_000;

/** The same holds for looks at the gas of loops, which are branches out of them, */
const manyLoops = 200;

/** and for conversions that do not trap. */
const manySaturations = 100;

class FunctionMeter {
  readonly #frame: FunctionFrame;
  readonly #memory: MemoryMeter;
  /** Gas that is due but not yet taken from what is left; always 0 in exact code. */
  #due = 0;
  /** Whether there has to be a look at what is left when it is taken. */
  #mustCheck = false;
  #nextBlock = 0;
  /** Whether looks at what is left are calls. */
  readonly #calls: boolean;

  constructor(frame: FunctionFrame) {
    this.#frame = frame;
    this.#calls = frame.exact || frame.analysis.loops > manyLoops;
    this.#memory = new MemoryMeter(frame);
  }

  body(): Body {
    const { code, out } = this.#frame;
    this.#frame.begin(() => {
      this.#takeStack();
      this.#memory.learnEnd();
    });
    this.#begin(false);
    for (let number = 0; code.next(); number += 1) this.#instruction(number);
    this.#frame.end(() => this.#leave());
    return { locals: this.#frame.locals, code: out.written };
  }

  #instruction(number: number): void {
    const { code, out } = this.#frame;
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
        this.#frame.open.pop();
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
        if (this.#frame.metering.grows) out.getGlobal(this.#frame.metering.pages);
        else code.write(out);
        return;
      case op.memoryGrow:
        this.#pay();
        out
          .get(this.#frame.left)
          .get(this.#frame.room)
          .call(this.#frame.helpers.grow())
          .set(this.#frame.left);
        this.#memory.learnEnd();
        return;
      case op.memoryFill:
        this.#bulk(this.#frame.helpers.fill());
        return;
      case op.memoryCopy:
        this.#bulk(this.#frame.helpers.copy());
        return;
      case op.memoryInit:
        this.#bulk(this.#frame.helpers.init(code.first));
        return;
      default:
        this.#ordinary(number);
    }
  }

  #ordinary(number: number): void {
    const { code, out } = this.#frame;
    const { opcode } = code;
    const saturated = this.#frame.analysis.saturations > manySaturations ? saturatedTypes(opcode) : undefined;
    if (code.instruction?.immediate === immediate.local) code.write(out, this.#frame.local(code.first));
    else if (opcode >= op.i32Load && opcode <= op.i64Store32) this.#memory.access();
    else if (saturated !== undefined) out.call(this.#frame.helpers.saturate(opcode, ...saturated));
    else code.write(out);
    this.#memory.addressMade(number);
    const floats = nanTypeOf(opcode);
    if (floats !== undefined) this.#canonicalNan(floats);
  }

  #canonicalNan(type: FloatType): void {
    const { out, helpers, exact, analysis } = this.#frame;
    if (exact || analysis.floats > manyFloats) out.call(helpers.canonicalNan(type));
    else canonicalNan(out, type, this.#frame.temporary(`value${type}`, type));
  }

  // Gas.

  /** Charges for a block that begins here. */
  #begin(arm: boolean, prepaid = 0, repeats = false): void {
    const block = this.#nextBlock;
    this.#nextBlock += 1;
    const open = { block, arm, prepaid, repeats };
    this.#frame.open.push(open);
    if (repeats) this.#frame.loops.push(open);
    this.#due += at(this.#frame.analysis.blockGas, block);
    if (this.#frame.exact) {
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
    const repeats = this.#frame.analysis.targeted[block] === true;
    this.#memory.beforeLoop(block);
    if (this.#frame.exact || !repeats || this.#frame.analysis.targetedByTable[block] === true) {
      this.#pay();
      this.#frame.code.write(this.#frame.out);
      this.#begin(false, 0, repeats);
      this.#mustCheck = repeats && !this.#frame.exact;
      return;
    }
    const prepaid = at(this.#frame.analysis.blockGas, block);
    this.#due += prepaid;
    this.#pay();
    this.#frame.code.write(this.#frame.out);
    this.#begin(false, prepaid, true);
    this.#due = 0;
    if (this.#calls) this.#charge();
    else this.#checkGas();
  }

  #branchIf(): void {
    // If the branch is not taken, what was paid for the target comes back with the next payment.
    const prepaid = this.#prepaid(this.#frame.code.first);
    // A look at the gas must not count it either: it would end the contract for want of what it may never use.
    if (prepaid !== 0 && this.#mustCheck) this.#pay();
    this.#due += prepaid;
    this.#pay();
    this.#frame.code.write(this.#frame.out);
    this.#due -= prepaid;
  }

  /** What a branch to `label` pays for the block it leads to. */
  #prepaid(label: number): number {
    return this.#frame.open[this.#frame.open.length - 1 - label]?.prepaid ?? 0;
  }

  #end(): void {
    const ended = this.#frame.open.pop();
    if (ended?.repeats === true) this.#frame.loops.pop();
    // Two ways that meet here have to have paid the same way; a block that nobody leaves early is one way.
    if (ended !== undefined && (ended.arm || this.#frame.analysis.targeted[ended.block] === true))
      this.#pay();
    if (this.#frame.open.length > 0) this.#frame.out.end();
  }

  /** Takes what is due. */
  #pay(): void {
    if (this.#due === 0 && !this.#mustCheck) return;
    if (this.#mustCheck && this.#calls) {
      this.#charge();
      return;
    }
    const { out, left } = this.#frame;
    if (this.#due !== 0) out.get(left).i64(this.#due).op(op.i64Sub).set(left);
    if (this.#mustCheck) this.#checkGas();
    this.#due = 0;
    this.#mustCheck = false;
  }

  /** Looks at what is left: ends the contract if it is negative. */
  #checkGas(): void {
    this.#frame.out.get(this.#frame.left).i64(0).op(op.i64LtS);
    this.#frame.exitIf('gas');
  }

  /** Takes what is due by a function, which looks at what is left and tells the host: slower, but little code. */
  #charge(): void {
    const { out, left, helpers } = this.#frame;
    out.get(left).i64(this.#due).call(helpers.charge()).set(left);
    this.#due = 0;
    this.#mustCheck = false;
  }

  /** Takes stack for this function, and sees to it that there is a look at its gas. */
  #takeStack(): void {
    const out = this.#frame.out;
    out
      .get(this.#frame.room)
      .i64(this.#frame.analysis.stackUnits)
      .op(op.i64Sub)
      .tee(this.#frame.room)
      .i64(0)
      .op(op.i64LtS);
    this.#frame.exitIf('stack');
    // What neither calls nor is long is looked after by whoever called it.
    const { calls, blockGas } = this.#frame.analysis;
    this.#mustCheck = calls || blockGas.reduce((total, gas) => total + gas, 0) > longFunction;
  }

  /** What precedes every way out of the function. */
  #leave(): void {
    this.#pay();
    this.#memory.publishMarks();
    this.#frame.out.get(this.#frame.left);
  }

  // Calls.

  #call(index: number): void {
    if (this.#frame.metering.isImport(index)) this.#callHost(index);
    else {
      this.#pay();
      this.#frame.out.get(this.#frame.left).get(this.#frame.room).call(index).set(this.#frame.left);
      if (this.#frame.metering.growing.functions.has(index)) this.#memory.learnEnd();
    }
  }

  #callHost(index: number): void {
    const { ceiling, gas } = this.#frame.metering;
    if (!this.#frame.exact) this.#charge();
    this.#frame.out.call(index).getGlobal(ceiling).getGlobal(gas).op(op.i64Sub).set(this.#frame.left);
  }

  #callIndirect(type: number): void {
    this.#pay();
    const index = this.#frame.temporary('address', valueType.i32);
    this.#frame.out.set(index).get(this.#frame.left).get(this.#frame.room).get(index);
    this.#frame.code.write(this.#frame.out, this.#frame.metering.meteredType(type));
    this.#frame.out.set(this.#frame.left);
    if (this.#frame.metering.growing.throughTable) this.#memory.learnEnd();
  }

  #bulk(helper: number): void {
    this.#pay();
    this.#frame.out.get(this.#frame.left).call(helper).set(this.#frame.left);
  }
}
