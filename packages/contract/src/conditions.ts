import * as assemblyscript from 'assemblyscript';
import type { Node, Program } from 'assemblyscript';
import { checkBefore, type InsideCompiler, refuse } from './compiler-checks.js';

interface Type {
  readonly isNullableReference: boolean;
  lookupOverload(operator: number, program: Program): object | null;
  toString(): string;
}

/** The part of the compiler that makes a condition of a value. */
interface Conditions extends InsideCompiler {
  readonly program: Program;
}

// A const enum, which a module compiled on its own cannot use: it is there at run time.
const { OperatorKind } = assemblyscript as unknown as { readonly OperatorKind: { readonly Not: number } };

/**
 * Has the compiler refuse an object as a condition when its class says with an operator what `!` of it is: `if (x)` would ask
 * whether there is an object, and be true for a zero or an empty text, of which `!x` is true as well.
 */
export function refuseAmbiguousConditions(): void {
  checkBefore('makeIsTrueish', (compiler: Conditions, _expression: number, type: Type, node: Node) => {
    if (type.isNullableReference || !type.lookupOverload(OperatorKind.Not, compiler.program)) return;
    const isText = /(^|\/)String$/.test(type.toString());
    refuse(
      compiler,
      node,
      isText
        ? 'a string is no condition: ask for its `length`'
        : `a ${type.toString()} is no condition: compare it, or ask \`isZero\``,
    );
  });
}
