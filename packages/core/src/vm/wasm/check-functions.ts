import { analyse } from './analyse.js';
import type { Analysis } from './analyse.js';
import type { ModuleLimits } from './limits.js';
import { at } from './module.js';
import type { DefinedFunction, Module } from './module.js';
import { checkLimit } from './refuse.js';
import type { Refuse } from './refuse.js';
import { mostWorkOf } from './work.js';

/**
 * Checks that no function of a module that validates is more than V8's compilers can take.
 * @param checkTime called before each function: see {@link startBuildClock}
 */
export function checkFunctions(
  module: Module,
  limits: ModuleLimits,
  refuse: Refuse,
  checkTime: () => void,
): void {
  // What one instruction adds to the operands at most.
  const widest = module.types.reduce(
    (most, { parameters, results }) => Math.max(most, parameters.length, results.length),
    1,
  );
  for (const definition of module.functions) {
    checkTime();
    // Nearly all are so short that there is no need to look.
    if (mostWork(module, definition, widest) <= limits.functionWork) continue;
    checkWork(analyse(module, definition), limits, refuse);
  }
}

/** Checks the same of a function that is analysed already. */
export function checkWork({ work }: Analysis, limits: ModuleLimits, refuse: Refuse): void {
  checkLimit('units of work to compile a function', work, limits.functionWork, refuse);
}

function mostWork(module: Module, { type, body }: DefinedFunction, widest: number): number {
  const { length } = body.code;
  const locals = body.locals.reduce(
    (total, group) => total + group.count,
    at(module.types, type).parameters.length,
  );
  return mostWorkOf(length, locals + length * widest);
}
