import * as assemblyscript from 'assemblyscript';
import type { Node } from 'assemblyscript';

type Range = Node['range'];

/** What the parts of the compiler report by; they share one list of reports. */
interface Emitter {
  readonly diagnostics: object;
  emitDiagnostic: (
    this: Emitter,
    code: number,
    category: number,
    range: Range | null,
    related: Range | null,
    ...texts: (string | null | undefined)[]
  ) => void;
}

/** The part of the compiler that compiles a call, and with the first call of a function the function. */
interface Calls extends Emitter {
  makeCallDirect: (this: Calls, called: object, operands: unknown, node: Node, isDropped?: boolean) => number;
}

// The types leave out that a module compiled on its own can see these.
const { Compiler, DiagnosticEmitter } = assemblyscript as unknown as {
  readonly Compiler: { readonly prototype: Calls };
  readonly DiagnosticEmitter: { readonly prototype: Emitter };
};

/** The calls that are being compiled, the innermost last, by the reports of a compilation. */
const open = new WeakMap<object, Range[]>();

let isNoting = false;

/**
 * Has the compiler note, with what it finds wrong in a library, where its author's code calls that: a generic function refuses
 * a type in its own file, and what is to be mended stands in the file of the author.
 */
export function noteCallSites(): void {
  if (isNoting) return;
  isNoting = true;
  const { makeCallDirect } = Compiler.prototype;
  Compiler.prototype.makeCallDirect = function (called, operands, node, isDropped) {
    const calls = open.get(this.diagnostics) ?? [];
    open.set(this.diagnostics, calls);
    calls.push(node.range);
    try {
      return makeCallDirect.call(this, called, operands, node, isDropped);
    } finally {
      calls.pop();
    }
  };
  const { emitDiagnostic } = DiagnosticEmitter.prototype;
  DiagnosticEmitter.prototype.emitDiagnostic = function (code, category, range, related, ...texts) {
    const calls = range?.source.isLibrary === true ? open.get(this.diagnostics) : undefined;
    const site = calls?.findLast(({ source }) => !source.isLibrary);
    emitDiagnostic.call(this, code, category, range, site ?? related, ...texts);
  };
}
