import { NewExpression, type Node } from 'assemblyscript';
import { checkBefore, type InsideCompiler, refuse } from './compiler-checks.js';

/** Has the compiler refuse to throw anything but a new error: of that alone it keeps the text, which the caller is to read. */
export function refuseThrowsWithoutText(): void {
  checkBefore('compileThrowStatement', (compiler: InsideCompiler, { value }: { readonly value: Node }) => {
    if (value instanceof NewExpression) return;
    refuse(
      compiler,
      value,
      "the caller would not learn why: write `revert('text')`, or `throw new Error('text')`",
    );
  });
}
