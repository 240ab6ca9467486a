import { type ClassDeclaration, FieldDeclaration, NamedTypeNode, type TypeNode } from 'assemblyscript';
import type { AbiField, AbiType } from './abi-type.js';
import { has } from './modifiers.js';
import { decoratorOf, errorAt, type SourceFile } from './source-file.js';
import { resolveImport, type Sources } from './sources.js';

/** Finds the Solidity types behind the types that a contract is written with. */
export class TypeResolver {
  private readonly sources: Sources;
  /** Structs being resolved, to find those that contain themselves. */
  private readonly open = new Set<ClassDeclaration>();

  constructor(sources: Sources) {
    this.sources = sources;
  }

  /** The Solidity type of a type written in a file; throws when there is none. */
  resolve(file: SourceFile, node: TypeNode): AbiType {
    if (!(node instanceof NamedTypeNode) || node.isNullable) throw this.noSuchType(node);
    const name = node.name.identifier.text;
    const argument = node.typeArguments?.[0];
    const found = this.find(file, name);
    if (found.kind === 'alias') return this.resolve(found.file, found.type);
    if (found.kind === 'class') return this.struct(found.file, found.declaration, node);
    const simple = builtIn(found.name);
    if (simple) return simple;
    if (found.name === 'Array' && argument) return { kind: 'array', item: this.resolve(file, argument) };
    const fixed = /^Fixed([1-9]\d*)$/.exec(found.name);
    if (fixed && argument)
      return { kind: 'fixedArray', item: this.resolve(file, argument), length: Number(fixed[1]) };
    throw this.noSuchType(node);
  }

  /** Name of a type as the library or AssemblyScript knows it, whatever the file calls it. */
  nameInLibrary(file: SourceFile, node: TypeNode): string | undefined {
    if (!(node instanceof NamedTypeNode)) return undefined;
    const found = this.find(file, node.name.identifier.text);
    if (found.kind === 'alias') return this.nameInLibrary(found.file, found.type);
    return found.kind === 'builtIn' ? found.name : undefined;
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
    if (this.open.has(declaration)) throw errorAt(node, `struct ${name} contains itself`);
    this.open.add(declaration);
    const fields = this.fields(file, declaration);
    this.open.delete(declaration);
    return { kind: 'tuple', name, fields };
  }

  private find(file: SourceFile, name: string): Found {
    const declaration = file.classes.get(name);
    if (declaration) return { kind: 'class', file, declaration };
    const alias = file.aliases.get(name);
    if (alias) return { kind: 'alias', file, type: alias.type };
    const imported = file.imports.get(name);
    if (!imported) return { kind: 'builtIn', name };
    const path = resolveImport(file.path, imported.path);
    const target =
      path === undefined ? undefined : (this.sources.get(path) ?? this.sources.get(`${path}/index`));
    return target ? this.find(target, imported.name) : { kind: 'builtIn', name: imported.name };
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
  | { kind: 'builtIn'; name: string };

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
