import { Code } from './code.js';
import { at } from './module.js';
import type { DefinedFunction, Export, Module } from './module.js';
import { immediate } from './opcodes.js';
import { reachableFrom } from './reachable.js';
import { Writer } from './writer.js';

/** Gives the new index of an old one. */
type Renumber = (index: number) => number;

/**
 * Keeps of a module only what `kept`, one of its exported functions, can reach, and renumbers what stays. All
 * integers come out in shortest form.
 *
 * Source: docs/protocol.md, "From preCode to exe code".
 */
export function prune(module: Module, kept: Export): Module {
  const { functions, globals, types } = reachableFrom(module, [kept.index]);
  const importCount = module.imports.length;
  const renumber = {
    function: renumbering(functions, importCount + module.functions.length),
    global: renumbering(globals, module.globals.length),
    type: renumbering(types, module.types.length),
  };
  return {
    ...module,
    memory: module.memory && {
      ...module.memory,
      importedAfter: placeAmong(functions, module.memory.importedAfter),
    },
    types: module.types.filter((_, index) => types.has(index)),
    imports: module.imports
      .filter((_, index) => functions.has(index))
      .map((entry) => ({ ...entry, type: renumber.type(entry.type) })),
    functions: module.functions
      .filter((_, index) => functions.has(importCount + index))
      .map(({ type, body }): DefinedFunction => ({
        type: renumber.type(type),
        body: { locals: body.locals, code: rewrite(body.code, renumber) },
      })),
    globals: module.globals.filter((_, index) => globals.has(index)),
    exports: [{ ...kept, index: renumber.function(kept.index) }],
    elements: module.elements.map((segment) => ({
      ...segment,
      functions: segment.functions.map((index) =>
        index === undefined ? undefined : renumber.function(index),
      ),
    })),
  };
}

/** Adds `shift` to the indices of functions from `first` on: room for new imports. */
export function shiftFunctions(module: Module, first: number, shift: number): Module {
  const moved: Renumber = (index) => (index >= first ? index + shift : index);
  const renumber = { function: moved, global: same, type: same };
  return {
    ...module,
    functions: module.functions.map(({ type, body }) => ({
      type,
      body: { locals: body.locals, code: rewrite(body.code, renumber) },
    })),
    exports: module.exports.map((entry) =>
      entry.kind === 'function' ? { ...entry, index: moved(entry.index) } : entry,
    ),
    elements: module.elements.map((segment) => ({
      ...segment,
      functions: segment.functions.map((index) => (index === undefined ? undefined : moved(index))),
    })),
  };
}

const same: Renumber = (index) => index;

/** How many of the first `count` functions are kept. */
function placeAmong(kept: ReadonlySet<number>, count: number | undefined): number | undefined {
  if (count === undefined) return undefined;
  let place = 0;
  for (let index = 0; index < count; index += 1) if (kept.has(index)) place += 1;
  return place;
}

/** The place of each kept index among those that are kept. */
function renumbering(kept: ReadonlySet<number>, count: number): Renumber {
  const places = new Uint32Array(count);
  let place = 0;
  for (let index = 0; index < count; index += 1) {
    places[index] = place;
    if (kept.has(index)) place += 1;
  }
  return (index) => at(places as unknown as readonly number[], index);
}

function rewrite(
  bytes: Uint8Array,
  renumber: { function: Renumber; global: Renumber; type: Renumber },
): Uint8Array {
  const writer = new Writer(bytes.length);
  const code = new Code(bytes);
  while (code.next()) {
    const kind = code.instruction?.immediate;
    if (kind === immediate.function) code.write(writer, renumber.function(code.first));
    else if (kind === immediate.global) code.write(writer, renumber.global(code.first));
    else if (kind === immediate.indirect) code.write(writer, renumber.type(code.first));
    else if (kind === immediate.blockType && code.first >= 0) code.write(writer, renumber.type(code.first));
    else code.write(writer);
  }
  return writer.written;
}
