import { analyse } from './analyse.js';
import type { Analysis } from './analyse.js';
import { startBuildClock } from './build-clock.js';
import { checkWork } from './check-functions.js';
import { decodeModule } from './decode.js';
import { encodeModule } from './encode.js';
import { Helpers } from './helpers.js';
import { defaultModuleLimits, initialPages, maximumPages, pageBytes } from './limits.js';
import type { ModuleLimits } from './limits.js';
import { meterFunction } from './meter-function.js';
import type { Growing, Metering, Variant } from './metering.js';
import { at } from './module.js';
import type { DataSegment, DefinedFunction, Export, FunctionType, Global, Module } from './module.js';
import { op, valueType } from './opcodes.js';
import { checkEntry, checkModule, checkRunningMemory, checkSegments } from './validate.js';
import { Writer } from './writer.js';
import { refuseAtOnce } from './refuse.js';

/**
 * A contract that counts its own gas, limits its own stack, and remembers which memory it wrote. The host drives it
 * through these exports; a name that begins with `$` cannot be one of the contract's, for all of those are gone.
 *
 * | export | type | |
 * |---|---|---|
 * | `call` | () -> () | runs the contract |
 * | `$reset` | () -> () | brings every global back to its initial value; call it before each run |
 * | `$gas` | mut i64, unsigned | gas used so far; up to date whenever a host function runs, which may add to it |
 * | `$limit` | mut i64, unsigned | set by the host after `$reset`, before `call` |
 * | `$status` | mut i32 | 0 running or ended, 1 out of gas (`$gas` is then the limit), 2 stack limit (text: `unreachable`) |
 * | `$pages` | mut i32 | size of the memory as the contract sees it, in pages |
 * | `$dirty` | mut i64 | one bit for each 128 KiB chunk of memory that was written |
 *
 * It imports the contract's host functions from `env`, and `env.memory` with exactly {@link Instrumented.memoryPages}
 * pages. A contract that never grows its memory gets what it starts with. One that does gets all that it could ever
 * have; how much of it exists at the moment is `$pages`, and accesses are checked against that.
 *
 * In `exact` code every figure is true at any time, also after a trap. `fast` code keeps gas and dirty marks in locals.
 * They are true when `call` returns. After a trap:
 * - `$status` is 1: the outcome is final, and `$gas` is the limit.
 * - a host function threw: `$gas` is true, and so is whatever the host function says.
 * - anything else: nothing is known. The call has to be run again by the exact variant, whose outcome, be it
 *   a trap, exhaustion or even success, is the one that counts.
 * - in all three cases any part of the memory may be written: the whole of it has to be brought back.
 *
 * Wiping memory by `$dirty`: bring back each marked chunk and {@link dirtySlackBytes} bytes after it. One mark may
 * stand for several stores at small distances from one address, and for one that straddles two chunks.
 */
export interface Instrumented {
  readonly code: Uint8Array;
  readonly variant: Variant;
  /** Pages of the memory to import: its initial and its maximum size. */
  readonly memoryPages: number;
  /** Pages that the contract starts with: the value of `$pages` after `$reset`. */
  readonly initialPages: number;
  /** Whether an instance may run again after `$reset`: not if it can change its table or drop segments. */
  readonly reusable: boolean;
  /** Where instantiation writes to memory, in the order of the segments: bytes from `offset`. They may overlap. */
  readonly data: readonly { readonly offset: number; readonly length: number }[];
}

export { dirtySlackBytes } from './access-plan.js';

/**
 * Injects metering into a contract.
 *
 * @param exe a module as {@link buildContract} made it, or any other that imports its memory
 * @throws ContractError when it cannot be run
 */
export function instrument(
  exe: Uint8Array,
  variant: Variant,
  limits: ModuleLimits = defaultModuleLimits,
): Instrumented {
  const checkTime = startBuildClock(limits);
  const module = decodeModule(exe, limits, refuseAtOnce);
  checkRunningMemory(module, refuseAtOnce);
  checkModule(exe, module, refuseAtOnce);
  checkEntry(module, 'call', refuseAtOnce);
  checkSegments(module, refuseAtOnce);
  const analyses = module.functions.map((definition) => {
    checkTime();
    const analysis = analyse(module, definition);
    checkWork(analysis, limits, refuseAtOnce);
    return analysis;
  });
  return meter(module, variant, analyses, checkTime);
}

function meter(
  module: Module,
  variant: Variant,
  analyses: readonly Analysis[],
  checkTime: () => void,
): Instrumented {
  const grows = analyses.some((analysis) => analysis.grows);
  const size = module.memory?.size ?? { initial: initialPages, maximum: maximumPages };
  const memoryPages = grows ? maximumPages : size.initial;
  const firstGlobal = module.globals.length;
  const importCount = module.imports.length;
  const metering: Metering = {
    module,
    variant,
    grows,
    growing: growingOf(module, analyses),
    initialBytes: size.initial * pageBytes,
    maximumPages: Math.min(size.maximum ?? maximumPages, maximumPages),
    meteredType: (type) => module.types.length + type,
    isImport: (index) => index < importCount,
    gas: firstGlobal,
    limit: firstGlobal + 1,
    ceiling: firstGlobal + 2,
    status: firstGlobal + 3,
    pages: firstGlobal + 4,
    dirty: firstGlobal + 5,
  };
  const helpers = new Helpers(metering, 2 * module.types.length, importCount + module.functions.length);
  const functions = module.functions.map((definition, index): DefinedFunction => {
    checkTime();
    return {
      type: metering.meteredType(definition.type),
      body: meterFunction(metering, helpers, definition, at(analyses, index)),
    };
  });
  const elements = module.elements.map((segment) => ({
    ...segment,
    functions: segment.functions.map((index) => (index === undefined ? undefined : helpers.indirect(index))),
  }));
  const globals = [...module.globals, ...hostGlobals(size.initial)];
  const entry = at(
    module.exports.filter((candidate) => candidate.name === 'call'),
    0,
  );
  const exports: Export[] = [
    { name: 'call', kind: 'function', index: helpers.entry(entry.index) },
    { name: '$reset', kind: 'function', index: helpers.reset(globals) },
    { name: '$gas', kind: 'global', index: metering.gas },
    { name: '$limit', kind: 'global', index: metering.limit },
    { name: '$status', kind: 'global', index: metering.status },
    { name: '$pages', kind: 'global', index: metering.pages },
    { name: '$dirty', kind: 'global', index: metering.dirty },
  ];
  const code = encodeModule({
    ...module,
    types: [...module.types, ...module.types.map(meteredType), ...helpers.types],
    memory: {
      size: { initial: memoryPages, maximum: memoryPages },
      importedAfter: module.memory?.importedAfter ?? importCount,
    },
    functions: [...functions, ...helpers.functions],
    elements,
    globals,
    globalSection: true,
    exports,
  });
  const reusable = !analyses.some((analysis) => analysis.lasting);
  return { code, variant, memoryPages, initialPages: size.initial, reusable, data: written(module.data) };
}

/** The parts of memory that active segments fill. */
function written(segments: readonly DataSegment[]): Instrumented['data'] {
  return segments.flatMap(({ mode, bytes }) =>
    mode.kind === 'active' ? [{ offset: mode.offset >>> 0, length: bytes.length }] : [],
  );
}

/** Follows calls back from the functions that grow the memory. */
function growingOf(module: Module, analyses: readonly Analysis[]): Growing {
  const importCount = module.imports.length;
  const inTable = new Set(module.elements.flatMap((segment) => segment.functions));
  const callers = new Map<number, number[]>();
  for (const [index, { callees }] of analyses.entries()) {
    for (const callee of callees) {
      const known = callers.get(callee);
      if (known === undefined) callers.set(callee, [importCount + index]);
      else known.push(importCount + index);
    }
  }
  const functions = new Set<number>();
  const waiting: number[] = [];
  const add = (index: number): void => {
    if (functions.has(index)) return;
    functions.add(index);
    waiting.push(index);
  };
  for (const [index, analysis] of analyses.entries()) if (analysis.grows) add(importCount + index);
  let throughTable = false;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const caller of callers.get(next) ?? []) add(caller);
    if (throughTable || !inTable.has(next)) continue;
    throughTable = true;
    for (const [index, analysis] of analyses.entries())
      if (analysis.callsIndirectly) add(importCount + index);
  }
  return { functions, throughTable };
}

/** A function of the contract is given the gas that is left and the stack that is free, and gives back the gas. */
function meteredType(type: FunctionType): FunctionType {
  return {
    parameters: Uint8Array.of(...type.parameters, valueType.i64, valueType.i64),
    results: Uint8Array.of(...type.results, valueType.i64),
  };
}

function hostGlobals(pages: number): Global[] {
  const zero64 = Uint8Array.of(op.i64Const, 0);
  const zero32 = Uint8Array.of(op.i32Const, 0);
  const size = new Writer(8);
  size.byte(op.i32Const);
  size.s32(pages);
  const { i32, i64 } = valueType;
  return [
    { type: i64, mutable: true, initial: zero64 },
    { type: i64, mutable: true, initial: zero64 },
    { type: i64, mutable: true, initial: zero64 },
    { type: i32, mutable: true, initial: zero32 },
    { type: i32, mutable: true, initial: size.written },
    { type: i64, mutable: true, initial: zero64 },
  ];
}
