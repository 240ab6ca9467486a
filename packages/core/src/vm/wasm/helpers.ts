import { bulkMemoryWordBytes, gasPrices } from '../gas.js';
import { Emitter } from './emitter.js';
import { chunkBits, pageBytes, stackUnits } from './limits.js';
import type { Metering } from './metering.js';
import { at } from './module.js';
import type { DefinedFunction, FunctionType, Global, LocalGroup } from './module.js';
import { canonicalNan } from './nan.js';
import type { FloatType } from './nan.js';
import { emptyBlock, op, valueType } from './opcodes.js';

const { i32, i64 } = valueType;

/** What `memory.grow` takes of the stack: in the original it is a call of a function this deep. */
const growUnits = 3;

/**
 * The functions that metered code calls for everything that is too long to stand inline. Each is made when it is first
 * asked for and comes after the functions of the contract.
 */
export class Helpers {
  readonly types: FunctionType[] = [];
  readonly functions: DefinedFunction[] = [];
  readonly #metering: Metering;
  readonly #firstType: number;
  readonly #firstFunction: number;
  readonly #known = new Map<string, number>();

  constructor(metering: Metering, firstType: number, firstFunction: number) {
    this.#metering = metering;
    this.#firstType = firstType;
    this.#firstFunction = firstFunction;
  }

  /** () -> (): notes that the gas is used up; the caller traps. */
  outOfGas(): number {
    const { status, limit, gas } = this.#metering;
    return this.#helper('outOfGas', [], [], (out) => {
      out.i32(1).setGlobal(status).getGlobal(limit).setGlobal(gas);
    });
  }

  /** () -> (): notes that the stack is used up; the caller traps. */
  outOfStack(): number {
    const { status } = this.#metering;
    return this.#helper('outOfStack', [], [], (out) => {
      out.i32(2).setGlobal(status);
    });
  }

  /** (gas left, gas due) -> gas left: charges, and tells at once. */
  charge(): number {
    return this.#helper('charge', [i64, i64], [i64], (out) => {
      out.get(0).get(1).op(op.i64Sub).tee(0);
      this.#failIfNegative(out);
      this.#publish(out, 0);
      out.get(0);
    });
  }

  /** (address) -> (): marks the chunk that the address is in. */
  mark(): number {
    return this.#helper('mark', [i32], [], (out) => {
      const { dirty } = this.#metering;
      out.getGlobal(dirty).i64(1).get(0).i32(chunkBits).op(op.i32ShrU, op.i64ExtendI32U, op.i64Shl, op.i64Or);
      out.setGlobal(dirty);
    });
  }

  /** (value) -> value: {@link canonicalNan} for a value of a type. */
  canonicalNan(type: FloatType): number {
    return this.#helper(`canonicalNan ${type}`, [type], [type], (out) => {
      out.get(0);
      canonicalNan(out, type, 0);
    });
  }

  /** (float) -> integer: the conversion `opcode`, which does not trap. */
  saturate(opcode: number, from: number, to: number): number {
    return this.#helper(`saturate ${opcode}`, [from], [to], (out) => out.get(0).prefixed(opcode));
  }

  /** (address, extent) -> (): traps if the `extent` bytes from `address` on do not all exist. */
  checkExtent(): number {
    return this.#helper('checkExtent', [i32, i64], [], (out) => {
      out.get(0).op(op.i64ExtendI32U).get(1).op(op.i64Add);
      this.#memoryBytes(out);
      out.op(op.i64GtU).if();
      // An access that V8 itself refuses, so that the trap is the same as any other.
      out.i32(-1).op(op.i32Load8U, 0);
      out.u32(0xffff_ffff);
      out.op(op.drop).end();
    });
  }

  /** (pages, gas left, stack left) -> (pages before or -1, gas left) */
  grow(): number {
    const { pages, maximumPages } = this.#metering;
    return this.#helper('grow', [i32, i64, i64], [i32, i64], (out) => {
      out.get(2).i64(growUnits).op(op.i64Sub);
      this.#failIfNegative(out, this.outOfStack());
      // The original multiplies 32 bits, so the charge for more pages than can ever be wraps around.
      out.get(1).get(0).i32(gasPrices.growPage).op(op.i32Mul, op.i64ExtendI32U, op.i64Sub).tee(1);
      this.#failIfNegative(out);
      this.#publishIfExact(out, 1);
      out.get(0).i32(maximumPages).getGlobal(pages).op(op.i32Sub, op.i32GtU).if();
      out.i32(-1).get(1).op(op.return);
      out.end();
      out.getGlobal(pages);
      out.getGlobal(pages).get(0).op(op.i32Add).setGlobal(pages);
      out.get(1);
    });
  }

  /** (destination, value, length, gas left) -> gas left */
  fill(): number {
    return this.#bulk('fill', (out) => out.prefixed(op.memoryFill, 0));
  }

  /** (destination, source, length, gas left) -> gas left */
  copy(): number {
    return this.#bulk('copy', (out) => out.prefixed(op.memoryCopy, 0, 0), true);
  }

  /** (destination, source, length, gas left) -> gas left; copies from the data segment `segment` */
  init(segment: number): number {
    return this.#bulk(`init ${segment}`, (out) => out.prefixed(op.memoryInit, segment, 0));
  }

  /** The function to put into the table for function `index`: host functions are not metered, so they are wrapped. */
  indirect(index: number): number {
    if (!this.#metering.isImport(index)) return index;
    const name = `indirect ${index}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const { module, ceiling, gas } = this.#metering;
    const { type } = at(module.imports, index);
    const count = at(module.types, type).parameters.length;
    const out = new Emitter();
    out.get(count);
    this.#failIfNegative(out);
    out.getGlobal(ceiling).get(count).op(op.i64Sub).setGlobal(gas);
    for (let parameter = 0; parameter < count; parameter += 1) out.get(parameter);
    out.call(index).getGlobal(ceiling).getGlobal(gas).op(op.i64Sub).end();
    return this.#add(name, this.#metering.meteredType(type), [], out);
  }

  /** () -> (): the export `call`; runs function `index` from `$gas` up to `$limit`. */
  entry(index: number): number {
    const { module, gas, limit, ceiling } = this.#metering;
    const results = (module.imports[index] ?? at(module.functions, index - module.imports.length)).type;
    return this.#helper(
      'entry',
      [],
      [],
      (out) => {
        // Nobody can use 2^63 gas: a limit beyond is cut, so that what is left is a positive number.
        out.getGlobal(limit).getGlobal(gas).op(op.i64Sub).set(0);
        out
          .i64((1n << 63n) - 1n)
          .get(0)
          .get(0)
          .i64(0)
          .op(op.i64LtS, op.select)
          .set(0);
        out.getGlobal(gas).get(0).op(op.i64Add).setGlobal(ceiling);
        out.get(0).i64(stackUnits).call(this.indirect(index)).set(0);
        for (let count = at(module.types, results).results.length; count > 0; count -= 1) out.op(op.drop);
        out.get(0);
        this.#failIfNegative(out);
        out.getGlobal(ceiling).get(0).op(op.i64Sub).setGlobal(gas);
      },
      [{ count: 1, type: i64 }],
    );
  }

  /** () -> (): gives every global its initial value. */
  reset(globals: readonly Global[]): number {
    return this.#helper('reset', [], [], (out) => {
      for (const [index, global] of globals.entries()) {
        if (!global.mutable) continue;
        out.raw(global.initial);
        out.setGlobal(index);
      }
    });
  }

  /** The block type of a block with these results. */
  resultBlock(type: FunctionType): number {
    const [only] = type.results;
    if (only === undefined) return emptyBlock - 0x80;
    if (type.results.length === 1) return only - 0x80;
    return this.#type([], [...type.results]);
  }

  #bulk(name: string, act: (out: Emitter) => void, readsMemory = false): number {
    return this.#helper(name, [i32, i32, i32, i64], [i64], (out) => {
      const { dirty, grows } = this.#metering;
      out
        .get(3)
        .get(2)
        .op(op.i64ExtendI32U)
        .i64(bulkMemoryWordBytes - 1)
        .op(op.i64Add)
        .i64(3)
        .op(op.i64ShrU);
      out.op(op.i64Sub).tee(3);
      this.#failIfNegative(out);
      this.#publishIfExact(out, 3);
      if (grows) {
        out.get(0).get(2).op(op.i64ExtendI32U).call(this.checkExtent());
        if (readsMemory) out.get(1).get(2).op(op.i64ExtendI32U).call(this.checkExtent());
      }
      // Bits from the first to the last chunk; what lies beyond memory traps anyway.
      out.get(2).if();
      out.getGlobal(dirty);
      out.i64(-1).get(0).i32(chunkBits).op(op.i32ShrU, op.i64ExtendI32U, op.i64Shl);
      out
        .i64(-1)
        .i64(63)
        .get(0)
        .get(2)
        .op(op.i32Add)
        .i32(1)
        .op(op.i32Sub)
        .i32(chunkBits)
        .op(op.i32ShrU, op.i64ExtendI32U);
      out.op(op.i64Sub, op.i64ShrU, op.i64And, op.i64Or).setGlobal(dirty);
      out.end();
      out.get(0).get(1).get(2);
      act(out);
      out.get(3);
    });
  }

  #memoryBytes(out: Emitter): void {
    out.getGlobal(this.#metering.pages).op(op.i64ExtendI32U).i64(pageBytes).op(op.i64Mul);
  }

  /** Takes an i64: ends the contract by way of the function `why` if it is negative. */
  #failIfNegative(out: Emitter, why = this.outOfGas()): void {
    out.i64(0).op(op.i64LtS).if();
    out.call(why).op(op.unreachable);
    out.end();
  }

  #publishIfExact(out: Emitter, left: number): void {
    if (this.#metering.variant === 'exact') this.#publish(out, left);
  }

  #publish(out: Emitter, left: number): void {
    const { ceiling, gas } = this.#metering;
    out.getGlobal(ceiling).get(left).op(op.i64Sub).setGlobal(gas);
  }

  #helper(
    name: string,
    parameters: readonly number[],
    results: readonly number[],
    write: (out: Emitter) => void,
    locals: readonly LocalGroup[] = [],
  ): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const out = new Emitter();
    write(out);
    out.end();
    return this.#add(name, this.#type(parameters, results), locals, out);
  }

  #add(name: string, type: number, locals: readonly LocalGroup[], out: Emitter): number {
    const index = this.#firstFunction + this.functions.length;
    this.functions.push({ type, body: { locals, code: out.written } });
    this.#known.set(name, index);
    return index;
  }

  #type(parameters: readonly number[], results: readonly number[]): number {
    const name = `type ${parameters.join()} ${results.join()}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const index = this.#firstType + this.types.length;
    this.types.push({ parameters: Uint8Array.from(parameters), results: Uint8Array.from(results) });
    this.#known.set(name, index);
    return index;
  }
}
