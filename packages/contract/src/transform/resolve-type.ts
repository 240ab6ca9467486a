import { ClassDeclaration, FieldDeclaration, NamedTypeNode, type TypeNode } from 'assemblyscript';
import type { AbiField, AbiType } from './abi-type.js';
import { has } from './modifiers.js';
import { decoratorOf, errorAt, type SourceFile, textOf } from './source-file.js';
import { resolveImport, type Sources } from './sources.js';

/** Finds the Solidity types behind the types that a contract is written with. */
export class TypeResolver {
  private readonly sources: Sources;
  /** Structs and aliases being resolved, to find those that contain themselves. */
  private readonly open = new Set<ClassDeclaration | TypeNode>();

  constructor(sources: Sources) {
    this.sources = sources;
  }

  /**
   * The Solidity type of a type written in a file; throws when there is none.
   *
   * @param takesEnums as the state does: the interface would need to know how many values there are
   */
  resolve(file: SourceFile, node: TypeNode, takesEnums = false): AbiType {
    if (!(node instanceof NamedTypeNode) || node.isNullable) throw this.noSuchType(node);
    const argument = node.typeArguments?.[0];
    const found = this.find(file, node.name.identifier.text);
    if (found.kind === 'alias') {
      return this.within(found.type, node, () => this.resolve(found.file, found.type, takesEnums));
    }
    if (found.kind === 'class') return this.struct(found.file, found.declaration, node);
    if (found.kind === 'enum') {
      if (takesEnums) return ENUM;
      throw this.noSuchType(node);
    }
    const simple = builtIn(found.name);
    if (simple) return simple;
    const fixed = /^Fixed([1-9]\d*)$/.exec(found.name);
    const isArray = fixed !== null || found.name === 'Array';
    if (!argument || !isArray) throw this.noSuchType(node);
    const item = this.resolve(file, argument, takesEnums);
    return fixed ? { kind: 'fixedArray', item, length: Number(fixed[1]) } : { kind: 'array', item };
  }

  /** Throws when a map of the state cannot have keys of the type. */
  checkKey(file: SourceFile, node: TypeNode): void {
    const written = this.withoutAliases(file, node);
    const found = this.find(written.file, nameOf(written.node) ?? '');
    const type = found.kind === 'enum' ? ENUM : builtIn(found.kind === 'builtIn' ? found.name : '');
    if (!type || type.kind === 'bytes' || (type.kind === 'int' && type.bits > 64)) {
      throw errorAt(
        node,
        `${textOf(file, node)} cannot be a key: use bool, u8 to u64, i8 to i64, u256, string, Address or Bytes1 to Bytes32`,
      );
    }
  }

  /** Name of a type as the library or AssemblyScript knows it, whatever the file calls it. */
  nameInLibrary(file: SourceFile, node: TypeNode): string | undefined {
    const written = this.withoutAliases(file, node);
    const found = this.find(written.file, nameOf(written.node) ?? '');
    return found.kind === 'builtIn' ? found.name : undefined;
  }

  /** The type that stands behind aliases, and the file it is written in. */
  withoutAliases(file: SourceFile, node: TypeNode): { file: SourceFile; node: TypeNode } {
    const found = this.find(file, nameOf(node) ?? '');
    if (found.kind !== 'alias') return { file, node };
    return this.within(found.type, node, () => this.withoutAliases(found.file, found.type));
  }

  /** The fields of a struct, in order. */
  fields(file: SourceFile, declaration: ClassDeclaration): AbiField[] {
    return instanceFields(declaration).map((field) => {
      if (!field.type) throw errorAt(field, `field ${field.name.text} needs a type`);
      return { name: field.name.text, type: this.resolve(file, field.type) };
    });
  }

  private struct(file: SourceFile, declaration: ClassDeclaration, node: TypeNode): AbiType {
    const name = declaration.name.text;
    if (!decoratorOf(declaration, 'struct')) {
      throw errorAt(node, `class ${name} cannot cross the interface: mark it @struct`);
    }
    const fields = this.within(declaration, node, () => this.fields(file, declaration));
    return { kind: 'tuple', name, fields };
  }

  /** Resolves what is behind a name; throws when that leads to the same again. */
  private within<T>(declaration: ClassDeclaration | TypeNode, node: TypeNode, resolve: () => T): T {
    if (this.open.has(declaration)) {
      const kind = declaration instanceof ClassDeclaration ? 'struct' : 'type';
      throw errorAt(node, `${kind} ${nameOf(node)} contains itself`);
    }
    this.open.add(declaration);
    try {
      return resolve();
    } finally {
      this.open.delete(declaration);
    }
  }

  /** @param passed where it was looked for already: files may hand on each other */
  private find(file: SourceFile, name: string, passed: ReadonlySet<string> = new Set()): Found {
    const here = `${file.path} ${name}`;
    if (passed.has(here)) return { kind: 'builtIn', name };
    const seen = new Set(passed).add(here);
    const declaration = file.classes.get(name);
    if (declaration) return { kind: 'class', file, declaration };
    const alias = file.aliases.get(name);
    if (alias) return { kind: 'alias', file, type: alias.type };
    if (file.enums.has(name)) return { kind: 'enum' };
    const imported = file.imports.get(name) ?? file.reexports.get(name);
    if (imported) {
      const target = this.fileAt(file, imported.path);
      return target ? this.find(target, imported.name, seen) : { kind: 'builtIn', name: imported.name };
    }
    for (const path of file.wholeReexports) {
      const target = this.fileAt(file, path);
      const found = target && this.find(target, name, seen);
      if (found && found.kind !== 'builtIn') return found;
    }
    return { kind: 'builtIn', name };
  }

  private fileAt(from: SourceFile, written: string): SourceFile | undefined {
    const path = resolveImport(from.path, written);
    return path === undefined ? undefined : (this.sources.get(path) ?? this.sources.get(`${path}/index`));
  }

  private noSuchType(node: TypeNode): Error {
    const { source, start, end } = node.range;
    return errorAt(
      node,
      `${source.text.slice(start, end)} has no Solidity type: use bool, u8 to u64, i8 to i64, u256, i256, uint8 to uint256, ` +
        'int8 to int256, Address, Bytes1 to Bytes32, Uint8Array, string, arrays, Fixed1<T> to Fixed32<T>, or a @struct',
    );
  }
}

type Found =
  | { kind: 'class'; file: SourceFile; declaration: ClassDeclaration }
  | { kind: 'alias'; file: SourceFile; type: TypeNode }
  | { kind: 'enum' }
  | { kind: 'builtIn'; name: string };

/** What AssemblyScript makes of an enum. */
const ENUM: AbiType = { kind: 'int', bits: 32 };

function nameOf(node: TypeNode): string | undefined {
  return node instanceof NamedTypeNode && !node.isNullable ? node.name.identifier.text : undefined;
}

/** The fields that every object of a class has. */
export function instanceFields(declaration: ClassDeclaration): FieldDeclaration[] {
  return declaration.members.filter(
    (member): member is FieldDeclaration => member instanceof FieldDeclaration && !has(member, 'Static'),
  );
}

function builtIn(name: string): AbiType | undefined {
  switch (name) {
    case 'bool':
    case 'boolean':
      return { kind: 'bool' };
    case 'Address':
      return { kind: 'address' };
    case 'Uint8Array':
      return { kind: 'bytes' };
    case 'string':
    case 'String':
      return { kind: 'string' };
    default:
  }
  const integer = /^(uint|int|u|i)([1-9]\d*)$/.exec(name);
  const bits = Number(integer?.[2]);
  const long = integer?.[1]?.endsWith('int');
  if (integer && (long ? bits % 8 === 0 && bits <= 256 : [8, 16, 32, 64, 256].includes(bits))) {
    return { kind: integer[1]?.startsWith('u') ? 'uint' : 'int', bits };
  }
  const fixed = /^Bytes([1-9]\d*)$/.exec(name);
  const length = Number(fixed?.[1]);
  return fixed && length <= 32 ? { kind: 'fixedBytes', length } : undefined;
}
