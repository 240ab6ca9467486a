import { type ClassDeclaration, MethodDeclaration } from 'assemblyscript';
import { keccak256 } from '../keccak.js';
import { type AbiField, fieldsHeadLength, signatureOf } from './abi-type.js';
import { encodeFields, LIB } from './codec.js';
import type { Edits } from './edits.js';
import { has } from './modifiers.js';
import type { TypeResolver } from './resolve-type.js';
import { decoratorOf, errorAt, type SourceFile, textOf } from './source-file.js';

/**
 * Fills the empty methods of an `@ethereum` class: each asks for a call of the Ethereum function of its name and parameters,
 * whose selector is worked out here.
 */
export function expandEthereum(
  file: SourceFile,
  declaration: ClassDeclaration,
  types: TypeResolver,
  edits: Edits,
): void {
  const decorator = decoratorOf(declaration, 'ethereum');
  if (decorator) edits.remove(decorator.range.start, decorator.range.end);
  if (!extendsEthereum(file, declaration, types)) {
    throw errorAt(declaration.name, `class ${declaration.name.text} must extend EthereumContract`);
  }
  for (const member of declaration.members) {
    if (!(member instanceof MethodDeclaration) || has(member, 'Constructor', 'Static')) continue;
    const method = member;
    if (!method.body || !isEmpty(file, method)) {
      throw errorAt(method.name, `method ${method.name.text} needs an empty body: {}`);
    }
    const parameters: AbiField[] = method.signature.parameters.map((parameter) => ({
      name: parameter.name.text,
      type: types.resolve(file, parameter.type),
    }));
    const write = encodeFields(parameters, (name) => name);
    edits.insert(
      method.body.range.start + 1,
      `const __writer = new ${LIB}.AbiWriter(4, ${fieldsHeadLength(parameters)}); ${write} ` +
        `__writer.finishEthereum(${selectorOf(signatureOf(method.name.text, parameters))}, this.address);`,
    );
  }
}

/** Refuses a class whose methods look like those of an `@ethereum` class and would do nothing. */
export function refuseUnmarked(file: SourceFile, declaration: ClassDeclaration, types: TypeResolver): void {
  if (!extendsEthereum(file, declaration, types)) return;
  for (const member of declaration.members) {
    if (member instanceof MethodDeclaration && !has(member, 'Constructor', 'Static') && isEmpty(file, member))
      throw errorAt(
        declaration.name,
        `class ${declaration.name.text} calls nothing: mark it @ethereum, and its empty methods are calls`,
      );
  }
}

function extendsEthereum(file: SourceFile, declaration: ClassDeclaration, types: TypeResolver): boolean {
  const base = declaration.extendsType;
  return base !== null && types.nameInLibrary(file, base) === 'EthereumContract';
}

function isEmpty(file: SourceFile, method: MethodDeclaration): boolean {
  return method.body !== null && /^\{\s*\}$/.test(textOf(file, method.body));
}

/** The first four bytes of the hash of a signature, as a number. */
export function selectorOf(signature: string): string {
  const hash = keccak256(new TextEncoder().encode(signature));
  return `0x${[...hash.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
