import * as assemblyscript from 'assemblyscript';
import type { Node } from 'assemblyscript';

/** The compiler as it is inside one of its methods. */
export interface InsideCompiler {
  error(code: number, range: Node['range'], text: string): void;
}

type Method<Self, Given extends readonly unknown[]> = (this: Self, ...given: Given) => unknown;

// A const enum, which a module compiled on its own cannot use, and methods that are private by the types or left out there:
// all are there at run time.
const { Compiler, DiagnosticCode } = assemblyscript as unknown as {
  readonly Compiler: { readonly prototype: object };
  readonly DiagnosticCode: { readonly User_defined_0: number };
};

const checked = new Set<string>();

/** Has the compiler look at what one of its methods is given before that does its work; once, however often this is called. */
export function checkBefore<Self extends InsideCompiler, Given extends readonly unknown[]>(
  name: string,
  check: (compiler: Self, ...given: Given) => void,
): void {
  if (checked.has(name)) return;
  checked.add(name);
  const methods = Compiler.prototype as Record<string, Method<Self, Given>>;
  const method = methods[name]!;
  methods[name] = function (...given) {
    check(this, ...given);
    return method.call(this, ...given);
  };
}

/** Reports what the author is to mend. */
export function refuse(compiler: InsideCompiler, { range }: Node, text: string): void {
  compiler.error(DiagnosticCode.User_defined_0, range, text);
}
