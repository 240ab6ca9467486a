import { type ClassDeclaration, MethodDeclaration } from 'assemblyscript';
import { fieldsHeadLength } from './abi-type.js';
import { decode, encodeFields, LIB } from './codec.js';
import type { Edits } from './edits.js';
import { has } from './modifiers.js';
import { instanceFields, type TypeResolver } from './resolve-type.js';
import { decoratorOf, errorAt, type SourceFile, textOf } from './source-file.js';
import { fixedLengths } from './state-field.js';

/** The members that are added to a struct. */
const GIVEN: ReadonlySet<string> = new Set(['__encode', '__decode', 'writeJson', 'readJson', 'toAbi']);

/**
 * Gives a `@struct` class what its values need to cross the interface and to be kept in the state: its fields in order are a
 * Solidity tuple, and an array in the state. `toAbi()` is `abi.encode` of the fields, for hashing and signing.
 */
export function expandStruct(
  file: SourceFile,
  declaration: ClassDeclaration,
  types: TypeResolver,
  edits: Edits,
): void {
  const name = declaration.name.text;
  if (declaration.isGeneric || declaration.extendsType)
    throw errorAt(declaration.name, `struct ${name} must be a plain class`);
  const fields = types.fields(file, declaration);
  if (fields.length === 0) throw errorAt(declaration.name, `struct ${name} has no fields`);
  for (const member of declaration.members) {
    if (GIVEN.has(member.name.text))
      throw errorAt(
        member.name,
        `struct ${name} is given ${member.name.text} by the compiler: choose another name`,
      );
    if (
      member instanceof MethodDeclaration &&
      has(member, 'Constructor') &&
      member.signature.parameters.length > 0
    ) {
      throw errorAt(member.name, `struct ${name} is made without arguments: set its fields one by one`);
    }
  }
  const decorator = decoratorOf(declaration, 'struct');
  if (decorator) edits.remove(decorator.range.start, decorator.range.end);
  const written: string[] = [];
  for (const [i, field] of instanceFields(declaration).entries()) {
    const type = fields[i]?.type;
    if (!field.type || !type) continue; // each has both, or `fields` had thrown
    const text = textOf(file, field.type);
    written.push(text);
    if (!field.initializer)
      edits.insert(field.type.range.end, ` = ${LIB}.zero<${text}>(${fixedLengths(type, field.type)})`);
  }
  const create = `const value = changetype<${name}>(__new(offsetof<${name}>(), idof<${name}>()));`;
  const members = [
    `__encode(__writer: ${LIB}.AbiWriter): void { ${encodeFields(fields, (field) => `this.${field}`)} }`,
    `__decode(__reader: ${LIB}.AbiReader): ${name} { ${create} ${fields
      .map((field, i) => `{ ${decode(field.type, `value.${field.name}`, written[i] ?? '')} }`)
      .join(' ')} return value; }`,
    `writeJson(writer: ${LIB}.JsonWriter): void { ${fields
      .map(
        (field, i) =>
          `writer.character(${i === 0 ? 0x5b : 0x2c}); ${LIB}.writeJson(writer, this.${field.name});`,
      )
      .join(' ')} writer.character(0x5d); }`,
    `readJson(reader: ${LIB}.JsonReader): ${name} { ${create} ${fields
      .map(
        (field, i) =>
          `reader.expect(${i === 0 ? 0x5b : 0x2c}); value.${field.name} = ${LIB}.readJson<${written[i]}>(reader);`,
      )
      .join(' ')} reader.expect(0x5d); return value; }`,
    `toAbi(): Uint8Array { const __writer = new ${LIB}.AbiWriter(0, ${fieldsHeadLength(fields)}); this.__encode(__writer); return __writer.toBytes(); }`,
  ];
  edits.insert(declaration.range.end - 1, ` ${members.join(' ')} `);
}
