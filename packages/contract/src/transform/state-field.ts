import { type FieldDeclaration, NamedTypeNode, type Node, type TypeNode } from 'assemblyscript';
import type { AbiType } from './abi-type.js';
import { LIB, staticText } from './codec.js';
import type { Edits, Fragment } from './edits.js';
import { has } from './modifiers.js';
import type { TypeResolver } from './resolve-type.js';
import { decoratorOf, errorAt, type SourceFile, textOf } from './source-file.js';

/** The places of the state that collections own; everything else is a value. */
const COLLECTIONS = new Set(['StateMap', 'StateList']);

/** A state field that was rewritten. */
export interface ExpandedField {
  /** The statement that sets its first value, or nothing. */
  readonly initial: readonly Fragment[];
  /** The statement that ends a call for it, or nothing. */
  readonly keep: string;
}

/** Values that a contract can change in place. */
const OBJECTS: ReadonlySet<AbiType['kind']> = new Set(['bytes', 'array', 'fixedArray', 'tuple']);

/** Rewrites a state field as accessors over its place. */
export function expandField(
  file: SourceFile,
  field: FieldDeclaration,
  types: TypeResolver,
  edits: Edits,
): ExpandedField {
  const name = field.name.text;
  const decorator = decoratorOf(field, 'state');
  if (!decorator)
    throw errorAt(
      field.name,
      `field ${name} would be forgotten after the call: mark it @state, or make it static readonly if it never changes`,
    );
  if (!field.type) throw errorAt(field.name, `field ${name} needs a type`);
  const type = textOf(file, field.type);
  const key = staticText(name);
  const start = decorator.range.start;
  const end = field.range.end;
  const stored = storedType(file, field.type, types);
  const lengths = fixedLengths(stored, field.type);
  if (COLLECTIONS.has(types.nameInLibrary(file, field.type) ?? '')) {
    if (field.initializer)
      throw errorAt(field.initializer, `${name} starts empty: fill it in the constructor`);
    edits.replace(start, end, `readonly ${name}: ${type} = instantiate<${type}>(${key}, ${lengths})`);
    return { initial: [], keep: '' };
  }
  if (has(field, 'Readonly'))
    throw errorAt(
      field.name,
      `field ${name} cannot be readonly: the methods of a contract write its state, the constructor among them`,
    );
  const isObject = OBJECTS.has(stored.kind);
  const cell = `${LIB}.${isObject ? 'StateObject' : 'StateValue'}<${type}>`;
  // Not `__` alone: what else the compiler adds to the class begins so, and a field may be called `keep`.
  const place = `__place_${name}`;
  edits.replace(
    start,
    end,
    `readonly ${place}: ${cell} = new ${cell}(${key}); get ${name}(): ${type} { return this.${place}.read(${lengths}); } ` +
      `set ${name}(value: ${type}) { this.${place}.write(value); }`,
  );
  return {
    initial: field.initializer ? [` this.${name} = `, field.initializer.range, ';'] : [],
    keep: isObject ? ` this.${place}.keep();` : '',
  };
}

/** The type of the values in the places of a field, which for a collection are its items; throws when the state cannot hold it. */
function storedType(file: SourceFile, node: TypeNode, types: TypeResolver): AbiType {
  const written = types.withoutAliases(file, node);
  const [first, second] = (written.node instanceof NamedTypeNode && written.node.typeArguments) || [];
  switch (types.nameInLibrary(file, node)) {
    case 'StateMap':
      if (!first || !second) throw errorAt(node, 'a StateMap has two types: of its keys, and of its values');
      types.checkKey(written.file, first);
      return storedType(written.file, second, types);
    case 'StateList':
      if (!first) throw errorAt(node, 'a StateList has the type of its items');
      if (COLLECTIONS.has(types.nameInLibrary(written.file, first) ?? ''))
        throw errorAt(first, 'the items of a StateList are values: a StateMap by index can hold collections');
      return types.resolve(written.file, first, true);
    default:
      return types.resolve(file, node, true);
  }
}

/** Lengths that one number of the library's `zero` holds, and the bits of each. */
const MAX_LENGTHS = 10;
const LENGTH_BITS = 6n;

/** The lengths of fixed arrays in one another as one number, which `zero` in the library makes an empty value with. */
export function fixedLengths(type: AbiType, node: Node): bigint {
  let lengths = 0n;
  let depth = 0;
  for (let inner = type; inner.kind === 'fixedArray'; inner = inner.item) {
    if (depth === MAX_LENGTHS)
      throw errorAt(node, `at most ${MAX_LENGTHS} fixed arrays stand in one another`);
    lengths |= BigInt(inner.length) << (LENGTH_BITS * BigInt(depth++));
  }
  return lengths;
}
