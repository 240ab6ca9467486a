import { gasPrices } from '../gas.js';
import { AccessPlan } from './access-plan.js';
import type { Access, Origin } from './access-plan.js';
import { Code } from './code.js';
import { at, typeOfFunction } from './module.js';
import type { DefinedFunction, FunctionType, Module } from './module.js';
import { nanTypeOf } from './nan.js';
import { emptyBlock, op, saturatedTypes } from './opcodes.js';
import { workOf } from './work.js';

/** What has to be known of a function before its code can be metered. */
export interface Analysis {
  /** Gas of each metered block in the order in which they begin: the body, then each block, loop, and arm of an if. */
  readonly blockGas: readonly number[];
  /** Whether some branch goes to the end of the block, in the same order. Arms of an if: as its first one. */
  readonly targeted: readonly boolean[];
  /** Whether a `br_table` does. */
  readonly targetedByTable: readonly boolean[];
  /** Whether there is a store inside. */
  readonly stores: readonly boolean[];
  /** Whether there is a loop inside. */
  readonly containsLoop: readonly boolean[];
  /** Stack that the function takes while it runs. */
  readonly stackUnits: number;
  /** What it is to V8's compilers: see {@link workOf}. */
  readonly work: number;
  /** Whether the function calls anything, or runs instructions whose time depends on an operand. */
  readonly calls: boolean;
  /** Whether the function itself can grow the memory. */
  readonly grows: boolean;
  /** The functions it calls by name, and whether it calls any through the table. */
  readonly callees: ReadonlySet<number>;
  readonly callsIndirectly: boolean;
  /** How many operations may give a NaN. */
  readonly floats: number;
  /** How many loops there are. */
  readonly loops: number;
  /** How many conversions to integers do not trap. */
  readonly saturations: number;
  /** What to do about each load and store. */
  readonly accesses: readonly Access[];
  /** Whether it can change the table or drop a segment, which no reset of globals and memory undoes. */
  readonly lasting: boolean;
}

interface Frame {
  /** Number of the block in {@link Analysis.blockGas}. */
  block: number;
  readonly label: number;
  readonly loop: boolean;
  readonly arm: boolean;
  readonly parameters: number;
  readonly results: number;
  readonly height: number;
  dead: boolean;
}

/**
 * Adds up the gas of each metered block and finds the deepest operand stack.
 *
 * Each block begins with 1; an instruction counts in the innermost block that it stands in, also after a branch; what
 * opens a block counts in the block around it.
 *
 * A function takes as much stack as it declares locals and as its deepest operand stack is high, where the operand by
 * which a metered block is charged counts too. Parameters do not count: they were operands of the caller. Dead code
 * does not count. Source: docs/protocol.md, "Running", and the stack limiter of pwasm-utils 0.6.1; other than there a
 * group of locals counts as many as it has, so that no contract can use up the stack of the host.
 */
export function analyse(module: Module, { type, body }: DefinedFunction): Analysis {
  const blockGas: number[] = [];
  const targeted: boolean[] = [];
  const targetedByTable: boolean[] = [];
  const stores: boolean[] = [];
  const containsLoop: boolean[] = [];
  const frames: Frame[] = [];
  let height = 0;
  let deepest = 0;
  let work = 0;
  let calls = false;
  let grows = false;
  let lasting = false;
  let floats = 0;
  let saturations = 0;
  let loops = 0;
  let callsIndirectly = false;
  const callees = new Set<number>();
  const plan = new AccessPlan();
  /** Where each operand came from; the instructions are counted for it. */
  const origins: Origin[] = [];
  let number = -1;
  let barrier = -1;

  const begin = (): number => {
    blockGas.push(gasPrices.block);
    targeted.push(false);
    targetedByTable.push(false);
    stores.push(false);
    containsLoop.push(false);
    // The charge pushes one operand.
    if (frames.at(-1)?.dead !== true) deepest = Math.max(deepest, height + 1);
    return blockGas.length - 1;
  };
  const open = (parameters: number, results: number, loop: boolean, arm: boolean): void => {
    const block = blockGas.length;
    const around = frames.at(-1);
    // In dead code its parameters need not be there either.
    if (around?.dead === true) height = Math.max(height, around.height + parameters);
    origins.fill(undefined, height - parameters, height);
    frames.push({
      block,
      label: block,
      loop,
      arm,
      parameters,
      results,
      height: height - parameters,
      dead: false,
    });
    begin();
  };
  const pop = (count: number): void => {
    const frame = frames.at(-1);
    // Dead code may pop more than there is: what was there before its block stays.
    height = Math.max(frame?.dead === true ? frame.height : 0, height - count);
  };
  const push = (count: number, origin?: Origin): void => {
    for (let index = 0; index < count; index += 1) {
      origins[height] = origin;
      height += 1;
    }
  };
  /** Notes something of all open blocks; those around one where it is noted have it noted too. */
  const tellAround = (noted: boolean[]): void => {
    for (let index = frames.length - 1; index >= 0; index -= 1) {
      const { label } = at(frames, index);
      if (noted[label] === true) return;
      noted[label] = true;
    }
  };
  const apply = (callee: FunctionType): void => {
    pop(callee.parameters.length);
    push(callee.results.length);
  };
  const branch = (label: number, byTable = false): number => {
    const frame = at(frames, frames.length - 1 - label);
    targeted[frame.label] = true;
    if (byTable) targetedByTable[frame.label] = true;
    return frame.loop ? frame.parameters : frame.results;
  };

  const own = at(module.types, type);
  open(0, own.results.length, false, false);
  const locals = body.locals.reduce((total, group) => total + group.count, 0);
  const declared = locals + own.parameters.length;
  const code = new Code(body.code);
  while (code.next()) {
    const { opcode, instruction } = code;
    const frame = frames.at(-1);
    if (frame === undefined || instruction === undefined) break;
    number += 1;
    if (isBarrier(opcode)) {
      barrier = number;
      plan.settle();
    }
    if (!frame.dead) deepest = Math.max(deepest, height);
    work += workOf(opcode, code.first, declared + height);
    blockGas[frame.block] = (blockGas[frame.block] ?? 0) + instruction.gas;
    switch (opcode) {
      case op.block:
      case op.loop:
      case op.if: {
        const { parameters, results } = blockType(module, code.first);
        if (opcode === op.if) pop(1);
        if (opcode === op.loop) {
          loops += 1;
          plan.forget();
          tellAround(containsLoop);
        }
        open(parameters, results, opcode === op.loop, opcode === op.if);
        break;
      }
      case op.else:
        frame.dead = false;
        height = frame.height;
        push(frame.parameters);
        frame.block = begin();
        plan.forget();
        break;
      case op.end:
        frames.pop();
        height = frame.height;
        push(frame.results);
        if (frame.arm || targeted[frame.label] === true) plan.forget();
        break;
      case op.unreachable:
        frame.dead = true;
        break;
      case op.br:
        pop(branch(code.first));
        frame.dead = true;
        break;
      case op.brIf: {
        const arity = branch(code.first);
        pop(arity);
        pop(1);
        push(arity);
        break;
      }
      case op.brTable:
        for (const label of code.labels()) branch(label, true);
        frame.dead = true;
        break;
      case op.return:
        frame.dead = true;
        break;
      case op.call:
        calls = true;
        callees.add(code.first);
        apply(typeOfFunction(module, code.first));
        break;
      case op.callIndirect:
        calls = true;
        callsIndirectly = true;
        pop(1);
        apply(at(module.types, code.first));
        break;
      default:
        calls ||= opcode === op.memoryGrow || opcode >= op.memoryInit;
        grows ||= opcode === op.memoryGrow;
        if (nanTypeOf(opcode) !== undefined) floats += 1;
        if (saturatedTypes(opcode) !== undefined) saturations += 1;
        lasting ||= opcode === op.dataDrop || opcode >= op.tableInit;
        if (opcode >= op.i32Load && opcode <= op.i64Store32) {
          const address = origins[height - (opcode >= op.i32Store ? 2 : 1)];
          const early = address?.kind === 'instruction' && address.number < barrier;
          if (opcode >= op.i32Store) tellAround(stores);
          plan.visit(opcode, code.second, early ? undefined : address, frame.dead);
        }
        if (opcode === op.localSet || opcode === op.localTee) plan.assign(code.first);
        pop(instruction.pops);
        push(instruction.pushes, plan.originOf(opcode, code.first, number));
    }
  }
  return {
    blockGas,
    targeted,
    targetedByTable,
    stores,
    containsLoop,
    stackUnits: locals + deepest,
    work,
    calls,
    grows,
    lasting,
    callees,
    callsIndirectly,
    floats,
    loops,
    saturations,
    accesses: plan.accesses,
  };
}

/** Whether what follows the instruction may not happen, or may find another memory. */
function isBarrier(opcode: number): boolean {
  return (opcode >= op.block && opcode <= op.callIndirect) || opcode === op.memoryGrow;
}

/** How many parameters and results a block of this type has; `type` as in {@link Code.first}. */
function blockType(module: Module, type: number): { readonly parameters: number; readonly results: number } {
  if (type >= 0) {
    const { parameters, results } = at(module.types, type);
    return { parameters: parameters.length, results: results.length };
  }
  return { parameters: 0, results: type === emptyBlock - 0x80 ? 0 : 1 };
}
