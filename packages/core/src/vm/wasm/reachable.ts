import { Code } from './code.js';
import { at } from './module.js';
import type { Module } from './module.js';
import { immediate, op } from './opcodes.js';

/** What of a module can be reached: indices as in the module, imports counted first. */
export interface Reachable {
  readonly functions: ReadonlySet<number>;
  readonly globals: ReadonlySet<number>;
  readonly types: ReadonlySet<number>;
}

/**
 * Everything that can be reached from the functions `roots` and from the elements of the table, which always stay.
 *
 * Source: docs/protocol.md, "From preCode to exe code".
 */
export function reachableFrom(module: Module, roots: readonly number[]): Reachable {
  const functions = new Set<number>();
  const globals = new Set<number>();
  const types = new Set<number>();
  const waiting: number[] = [];
  const reach = (index: number): void => {
    if (functions.has(index)) return;
    functions.add(index);
    waiting.push(index);
  };
  for (const root of roots) reach(root);
  for (const segment of module.elements) {
    for (const index of segment.functions) if (index !== undefined) reach(index);
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const imported = module.imports[next];
    if (imported !== undefined) {
      types.add(imported.type);
      continue;
    }
    const { type, body } = at(module.functions, next - module.imports.length);
    types.add(type);
    const code = new Code(body.code);
    while (code.next()) {
      const kind = code.instruction?.immediate;
      if (code.opcode === op.call) reach(code.first);
      else if (kind === immediate.global) globals.add(code.first);
      else if (kind === immediate.indirect) types.add(code.first);
      else if (kind === immediate.blockType && code.first >= 0) types.add(code.first);
    }
  }
  return { functions, globals, types };
}
