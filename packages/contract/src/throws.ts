import * as assemblyscript from 'assemblyscript';
import { NewExpression, type Node } from 'assemblyscript';

/** The part of the compiler that compiles `throw`. */
interface Throws {
  error(code: number, range: Node['range'], text: string): void;
  compileThrowStatement: (this: Throws, statement: { readonly value: Node }) => number;
}

// A const enum, which a module compiled on its own cannot use, and a method that is private by its types.
const { Compiler, DiagnosticCode } = assemblyscript as unknown as {
  readonly Compiler: { readonly prototype: Throws };
  readonly DiagnosticCode: { readonly User_defined_0: number };
};

let isRefusing = false;

/** Has the compiler refuse to throw anything but a new error: of that alone it keeps the text, which the caller is to read. */
export function refuseThrowsWithoutText(): void {
  if (isRefusing) return;
  isRefusing = true;
  const throws = Compiler.prototype;
  const { compileThrowStatement } = throws;
  throws.compileThrowStatement = function (statement) {
    if (!(statement.value instanceof NewExpression)) {
      this.error(
        DiagnosticCode.User_defined_0,
        statement.value.range,
        "the caller would not learn why: write `revert('text')`, or `throw new Error('text')`",
      );
    }
    return compileThrowStatement.call(this, statement);
  };
}
