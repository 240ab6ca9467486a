import type { Analysis } from './analyse.js';
import { Code } from './code.js';
import { Emitter } from './emitter.js';
import type { Helpers } from './helpers.js';
import type { Metering } from './metering.js';
import { at } from './module.js';
import type { DefinedFunction, LocalGroup } from './module.js';
import { emptyBlock, op } from './opcodes.js';

/** A block that has begun and not ended. */
export interface OpenBlock {
  /** Its number in {@link Analysis.blockGas}. */
  readonly block: number;
  /** Whether it is an arm of an if. */
  readonly arm: boolean;
  /** Gas that whoever branches to it pays in advance. */
  readonly prepaid: number;
  /** Whether it is a loop that comes round. */
  readonly repeats: boolean;
}

/**
 * Why metered code ends itself. Each has a block around the body of the function, in this order from inside; who leaves
 * it does not come back, and V8 keeps the code there out of the way.
 */
const exits = ['memory', 'gas', 'stack'] as const;

/** With more looks at the end of memory than this each is a call: V8 takes too long over so many ways out. */
const mostLooks = 2_000;

/** A function while metering is injected: what goes in, what comes out, and how its locals and labels move. */
export class FunctionFrame {
  readonly metering: Metering;
  readonly helpers: Helpers;
  readonly analysis: Analysis;
  /** Whether every counter has to be true all the time. */
  readonly exact: boolean;
  readonly code: Code;
  readonly out: Emitter;
  /** Local: gas that is left. */
  readonly left: number;
  /** Local: stack that is free. */
  readonly room: number;
  /** The blocks around the current instruction, outermost first. */
  readonly open: OpenBlock[] = [];
  /** Those of them that come round. */
  readonly loops: OpenBlock[] = [];
  /** Whether addresses are compared with the end of memory, which is then in a local. */
  readonly looksAtEnd: boolean;
  readonly #definition: DefinedFunction;
  /** Whether branches to the end of the function have to be caught, to come by our own end of it. */
  readonly #wrapped: boolean;
  readonly #parameters: number;
  /** Locals of our own: a group for each, from {@link #firstTemporary} on. */
  readonly #temporaries: LocalGroup[] = [];
  readonly #temporaryOf = new Map<string, number>();
  readonly #firstTemporary: number;

  constructor(metering: Metering, helpers: Helpers, definition: DefinedFunction, analysis: Analysis) {
    this.metering = metering;
    this.helpers = helpers;
    this.analysis = analysis;
    this.exact = metering.variant === 'exact';
    this.code = new Code(definition.body.code);
    this.out = new Emitter(definition.body.code.length * 2);
    this.#definition = definition;
    this.#wrapped = analysis.targeted[0] === true;
    this.#parameters = at(metering.module.types, definition.type).parameters.length;
    // The two new parameters stand between those that there were and the other locals.
    this.left = this.#parameters;
    this.room = this.#parameters + 1;
    const declared = definition.body.locals.reduce((total, group) => total + group.count, 0);
    this.#firstTemporary = this.#parameters + 2 + declared;
    const looks = analysis.accesses.reduce((count, { extent }) => count + (extent === 0 ? 0 : 1), 0);
    this.looksAtEnd = !this.exact && metering.grows && looks > 0 && looks <= mostLooks;
  }

  /** The locals of the function after metering. */
  get locals(): LocalGroup[] {
    return [...this.#definition.body.locals, ...this.#temporaries];
  }

  /** Opens the blocks that surround the body; `before` writes what comes between them and it. */
  begin(before: () => void): void {
    for (const exit of exits) if (this.#has(exit)) this.out.op(op.block, emptyBlock);
    before();
    if (!this.#wrapped) return;
    this.out.byte(op.block);
    this.out.s32(this.helpers.resultBlock(at(this.metering.module.types, this.#definition.type)));
  }

  /** Closes them; `before` writes what comes before the return. */
  end(before: () => void): void {
    const { out } = this;
    if (this.#wrapped) out.end();
    before();
    out.op(op.return).end();
    // Beyond the end of memory fast code just traps, and exact code tells what it was.
    if (this.#has('memory')) out.op(op.unreachable).end();
    if (this.#has('gas')) out.call(this.helpers.outOfGas()).op(op.unreachable).end();
    out.call(this.helpers.outOfStack()).op(op.unreachable).end();
  }

  /** Takes an i32: ends the contract if it is not 0. */
  exitIf(why: (typeof exits)[number]): void {
    // The body is itself an open block, but has a block in the code only if it is wrapped.
    const around = this.open.length - (this.#wrapped ? 0 : 1);
    const exit = exits.filter((candidate) => this.#has(candidate)).indexOf(why);
    this.out.branchIf(Math.max(0, this.open.length === 0 ? 0 : around) + exit);
  }

  /** Where a local of the function is after metering. */
  local(index: number): number {
    return index < this.#parameters ? index : index + 2;
  }

  /** A local of our own: the same for the same name. */
  temporary(name: string, type: number): number {
    const known = this.#temporaryOf.get(name);
    if (known !== undefined) return known;
    const index = this.#firstTemporary + this.#temporaries.length;
    this.#temporaries.push({ count: 1, type });
    this.#temporaryOf.set(name, index);
    return index;
  }

  #has(exit: (typeof exits)[number]): boolean {
    if (exit === 'memory') return this.looksAtEnd;
    // Exact code takes its gas by a function.
    return exit !== 'gas' || !this.exact;
  }
}
