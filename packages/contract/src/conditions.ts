import * as assemblyscript from 'assemblyscript';
import type { Node, Program } from 'assemblyscript';

interface Type {
  readonly isNullableReference: boolean;
  lookupOverload(operator: number, program: Program): object | null;
  toString(): string;
}

/** The part of the compiler that makes a condition of a value. */
interface Conditions {
  readonly program: Program;
  error(code: number, range: Node['range'], text: string): void;
  makeIsTrueish: (this: Conditions, expression: number, type: Type, node: Node) => number;
}

// Const enums, which a module compiled on its own cannot use, and a method that the types leave out: all are there at run time.
const { Compiler, DiagnosticCode, OperatorKind } = assemblyscript as unknown as {
  readonly Compiler: { readonly prototype: Conditions };
  readonly DiagnosticCode: { readonly User_defined_0: number };
  readonly OperatorKind: { readonly Not: number };
};

let isRefusing = false;

/**
 * Has the compiler refuse an object as a condition when its class says with an operator what `!` of it is: `if (x)` would ask
 * whether there is an object, and be true for a zero or an empty text, of which `!x` is true as well.
 */
export function refuseAmbiguousConditions(): void {
  if (isRefusing) return;
  isRefusing = true;
  const conditions = Compiler.prototype;
  const makeIsTrueish = conditions.makeIsTrueish;
  conditions.makeIsTrueish = function (expression, type, node) {
    if (!type.isNullableReference && type.lookupOverload(OperatorKind.Not, this.program)) {
      const isText = /(^|\/)String$/.test(type.toString());
      this.error(
        DiagnosticCode.User_defined_0,
        node.range,
        isText
          ? 'a string is no condition: ask for its `length`'
          : `a ${type.toString()} is no condition: compare it, or ask \`isZero\``,
      );
    }
    return makeIsTrueish.call(this, expression, type, node);
  };
}
