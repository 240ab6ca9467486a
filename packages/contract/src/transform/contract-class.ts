import {
  type ClassDeclaration,
  type DeclarationStatement,
  FieldDeclaration,
  MethodDeclaration,
} from 'assemblyscript';
import { type AbiField, type AbiType, headLength } from './abi-type.js';
import { decode, encode, LIB, staticText } from './codec.js';
import type { Edits } from './edits.js';
import { has } from './modifiers.js';
import { instanceFields, type TypeResolver } from './resolve-type.js';
import {
  decoratorOf,
  type Documentation,
  documentationOf,
  errorAt,
  type SourceFile,
  textOf,
} from './source-file.js';
import { expandField } from './state-field.js';

/** A function of a contract that can be called. */
export interface ContractFunction {
  readonly name: string;
  readonly parameters: readonly AbiField[];
  /** `undefined` for a function that gives nothing back. */
  readonly result: AbiType | undefined;
  readonly isView: boolean;
  readonly docs: Documentation;
}

/** What is known about a contract once its source is read. */
export interface ContractModel {
  readonly name: string;
  readonly docs: Documentation;
  readonly constructorParameters: readonly AbiField[];
  readonly constructorDocs: Documentation;
  readonly functions: readonly ContractFunction[];
}

/** The decorators of AssemblyScript's own that a member can have. */
const LANGUAGE_DECORATOR = /^(inline|lazy|unsafe|operator(\..*)?)$/;

/** The names that the deployment and the calls of a contract get in its file. */
export const DEPLOY = '__deploy';
export const CALL = '__call';

/**
 * Turns a `@contract` class into plain AssemblyScript: state fields become accessors over places in the state, the constructor
 * becomes a method that runs at deployment, and behind the class come the two functions a worker enters by.
 */
export function expandContract(
  file: SourceFile,
  declaration: ClassDeclaration,
  types: TypeResolver,
  edits: Edits,
): ContractModel {
  const name = declaration.name.text;
  if (declaration.isGeneric || declaration.extendsType || has(declaration, 'Abstract')) {
    throw errorAt(
      declaration.name,
      `contract ${name} must be a plain class: no type parameters, no base class, not abstract`,
    );
  }
  removeDecorator(declaration, 'contract', edits);
  const fields = instanceFields(declaration).map((field) => expandField(file, field, types, edits));
  const initial = fields.flatMap((field) => field.initial);
  const keep = fields.map((field) => field.keep).join('');
  const finish = keep && ' contract.__keep();';
  const entries: string[] = [];
  const functions: ContractFunction[] = [];
  let constructorParameters: AbiField[] = [];
  let constructorDocs: Documentation = { params: {} };
  let construct = '';
  for (const member of declaration.members) {
    checkDecorators(file, member);
    if (!(member instanceof MethodDeclaration)) continue;
    const method = member;
    const isView = removeDecorator(method, 'view', edits);
    if (has(method, 'Constructor')) {
      constructorParameters = parametersOf(file, method, types);
      constructorDocs = documentationOf(file, method);
      edits.replace(method.name.range.start, method.name.range.end, '__construct');
      if (method.body) edits.insert(method.body.range.start, ': void ');
      construct = `${decodeParameters(file, method, constructorParameters)} contract.__construct(${argumentNames(constructorParameters)});`;
    } else if (isCallable(method)) {
      if (method.typeParameters) {
        throw errorAt(method.name, `method ${method.name.text} cannot be generic: a caller gives no types`);
      }
      const parameters = parametersOf(file, method, types);
      const result = resultOf(file, method, types);
      functions.push({
        name: method.name.text,
        parameters,
        result,
        isView,
        docs: documentationOf(file, method),
      });
      entries.push(entryOf(file, method, parameters, result, isView ? undefined : finish));
    }
  }
  edits.insert(
    declaration.range.end - 1,
    ' __initialize(): void {',
    ...initial,
    ' } ',
    keep && `__keep(): void {${keep} } `,
  );
  edits.append(
    `export function ${DEPLOY}(): void { const contract = new ${name}(); contract.__initialize(); ${construct}${finish} }`,
  );
  edits.append(`export function ${CALL}(): void {`);
  edits.append(`  const contract = new ${name}(); ${LIB}.fetchName();`);
  for (const entry of entries) edits.append(`  ${entry}`);
  edits.append(`  ${LIB}.unknownFunction();\n}\n`);
  return {
    name,
    docs: documentationOf(file, declaration),
    constructorParameters,
    constructorDocs,
    functions,
  };
}

function removeDecorator(
  declaration: ClassDeclaration | MethodDeclaration,
  name: string,
  edits: Edits,
): boolean {
  const decorator = decoratorOf(declaration, name);
  if (decorator) edits.remove(decorator.range.start, decorator.range.end);
  return decorator !== undefined;
}

/** Refuses decorators that would be passed over in silence. */
function checkDecorators(file: SourceFile, member: DeclarationStatement): void {
  const isField = member instanceof FieldDeclaration && !has(member, 'Static');
  const isMethod = member instanceof MethodDeclaration && !has(member, 'Static', 'Constructor', 'Get', 'Set');
  for (const decorator of member.decorators ?? []) {
    const written = textOf(file, decorator.name).replace('@', '');
    if (
      LANGUAGE_DECORATOR.test(written) ||
      (isField && written === 'state') ||
      (isMethod && written === 'view')
    )
      continue;
    throw errorAt(
      decorator,
      written === 'view' && has(member, 'Get')
        ? `a getter cannot be called from outside: make ${member.name.text} a method`
        : `@${written} means nothing here: @state marks a field that is not static, @view a method that only reads`,
    );
  }
}

function isCallable(method: MethodDeclaration): boolean {
  return !has(method, 'Private', 'Protected', 'Static', 'Get', 'Set');
}

function parametersOf(file: SourceFile, method: MethodDeclaration, types: TypeResolver): AbiField[] {
  return method.signature.parameters.map((parameter) => {
    if (parameter.initializer || !isPlain(parameter)) {
      throw errorAt(
        parameter,
        `parameter ${parameter.name.text} cannot be optional: a caller gives all of them`,
      );
    }
    if (textOf(file, parameter.type).trim() === '')
      throw errorAt(parameter, `parameter ${parameter.name.text} needs a type`);
    return { name: parameter.name.text, type: types.resolve(file, parameter.type) };
  });
}

/** Whether a parameter is neither optional nor a rest: `ParameterKind.Default`, a const enum. */
function isPlain({ parameterKind }: { readonly parameterKind: number }): boolean {
  return parameterKind === 0;
}

function resultOf(file: SourceFile, method: MethodDeclaration, types: TypeResolver): AbiType | undefined {
  const node = method.signature.returnType;
  const text = textOf(file, node).trim();
  if (text === '') throw errorAt(method.name, `method ${method.name.text} needs a result type, or void`);
  return text === 'void' ? undefined : types.resolve(file, node);
}

function decodeParameters(
  file: SourceFile,
  method: MethodDeclaration,
  parameters: readonly AbiField[],
): string {
  if (parameters.length === 0) return '';
  const reads = method.signature.parameters.map((parameter, i) => {
    const type = parameters[i]?.type;
    return type ? decode(type, `const argument${i}`, textOf(file, parameter.type), `${i}_`) : '';
  });
  return `const __reader = ${LIB}.AbiReader.ofArguments(); ${reads.join(' ')}`;
}

function argumentNames(parameters: readonly AbiField[]): string {
  return parameters.map((_, i) => `argument${i}`).join(', ');
}

/**
 * The statement that runs a function if it is the one that is called.
 *
 * @param finish what ends a call that may write; `undefined` for a view
 */
function entryOf(
  file: SourceFile,
  method: MethodDeclaration,
  parameters: readonly AbiField[],
  result: AbiType | undefined,
  finish: string | undefined,
): string {
  const name = method.name.text;
  const call = `contract.${name}(${argumentNames(parameters)})`;
  const run = result
    ? `const result = ${call}; const __writer = new ${LIB}.AbiWriter(0, ${headLength(result)}); ` +
      `${encode(result, 'result')} __writer.finish();`
    : `${call};`;
  return (
    `if (${LIB}.isCalled(${staticText(name)})) { ${finish === undefined ? `${LIB}.forbidEffects(); ` : ''}` +
    `${decodeParameters(file, method, parameters)} ${run}${finish ?? ''} return; }`
  );
}
