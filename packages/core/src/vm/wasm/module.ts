/** A function type; value types as in the binary format. */
export interface FunctionType {
  readonly parameters: Uint8Array;
  readonly results: Uint8Array;
}

/** Limits of a memory or table. */
export interface Size {
  readonly initial: number;
  readonly maximum: number | undefined;
}

/** An imported function. */
export interface FunctionImport {
  readonly module: string;
  readonly field: string;
  readonly type: number;
}

/** The memory. */
export interface Memory {
  readonly size: Size;
  /** How many function imports stand before its import; `undefined` when it is not imported but the module's own. */
  readonly importedAfter: number | undefined;
}

/** A function body: its locals in groups of one type, and its code up to and with the last `end`. */
export interface Body {
  readonly locals: readonly LocalGroup[];
  readonly code: Uint8Array;
}

export interface LocalGroup {
  readonly count: number;
  readonly type: number;
}

export interface DefinedFunction {
  readonly type: number;
  readonly body: Body;
}

/** A constant that begins a global: its opcode and operand, in shortest form, without `end`. */
export interface Global {
  readonly type: number;
  readonly mutable: boolean;
  readonly initial: Uint8Array;
}

export type ExportKind = 'function' | 'table' | 'memory' | 'global';

export interface Export {
  readonly name: string;
  readonly kind: ExportKind;
  readonly index: number;
}

/** When and where a segment is used. */
export type SegmentMode =
  | { readonly kind: 'active'; readonly offset: number }
  | { readonly kind: 'passive' }
  | { readonly kind: 'declarative' };

/** An element segment; `undefined` stands for a null reference. */
export interface ElementSegment {
  readonly mode: SegmentMode;
  readonly functions: readonly (number | undefined)[];
}

export interface DataSegment {
  readonly mode: SegmentMode;
  readonly bytes: Uint8Array;
}

/**
 * A decoded contract module. Only what contracts may have is in it: at most one memory and one table, no imports but
 * functions and a memory, constants as initial values.
 */
export interface Module {
  readonly types: readonly FunctionType[];
  readonly imports: readonly FunctionImport[];
  readonly functions: readonly DefinedFunction[];
  readonly table: Size | undefined;
  readonly memory: Memory | undefined;
  readonly globals: readonly Global[];
  readonly exports: readonly Export[];
  readonly elements: readonly ElementSegment[];
  readonly data: readonly DataSegment[];
  /** Whether there is a section that counts the data segments. */
  readonly dataCount: boolean;
  /** Whether there is a global section, even if it is empty: it is written again. */
  readonly globalSection: boolean;
}

/** The type of function `index`, imports counted first. */
export function typeOfFunction(module: Module, index: number): FunctionType {
  const count = module.imports.length;
  const type = index < count ? module.imports[index]?.type : module.functions[index - count]?.type;
  return at(module.types, type ?? -1);
}

/** The item at `index`, which has been checked before. */
export function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`no item at ${index} of ${items.length}`);
  return item;
}

/** Reads `count` items. Nothing is set aside for them beforehand: a count that lies ends where the bytes end. */
export function readMany<Item>(count: number, read: () => Item): Item[] {
  const items: Item[] = [];
  for (let index = 0; index < count; index += 1) items.push(read());
  return items;
}
