import {
  ClassDeclaration,
  type DeclarationStatement,
  type DecoratorNode,
  EnumDeclaration,
  ExportDefaultStatement,
  ExportStatement,
  IdentifierExpression,
  ImportStatement,
  InterfaceDeclaration,
  type Node,
  Parser,
  TypeDeclaration,
} from 'assemblyscript';
import { CompileError, type SourcePosition } from '../errors.js';

/** How a contract's sources name the library. */
export const LIBRARY = '@enigma-worker/contract/assembly';

/** A name taken from another file. `path` is as written. */
export interface ImportedName {
  readonly name: string;
  readonly path: string;
}

/** A parsed source file of a contract. */
export interface SourceFile {
  /** Path without `.ts`, as the compiler names the file. */
  readonly path: string;
  readonly text: string;
  readonly classes: ReadonlyMap<string, ClassDeclaration>;
  readonly aliases: ReadonlyMap<string, TypeDeclaration>;
  readonly enums: ReadonlySet<string>;
  readonly imports: ReadonlyMap<string, ImportedName>;
  /** Names that the file only hands on, or gives under another name. */
  readonly reexports: ReadonlyMap<string, ImportedName>;
  /** Paths of the files that it hands on whole. */
  readonly wholeReexports: readonly string[];
  /** Paths of all imports and re-exports, as written. */
  readonly dependencies: readonly string[];
  /** Where the block comments are. */
  readonly comments: readonly TextRange[];
  /** What could not be read. */
  readonly syntaxErrors: readonly CompileError[];
}

export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Parses a file of a contract. Syntax errors are kept: the compiler reports them, if it comes to that. */
export function parseSource(path: string, text: string): SourceFile {
  const parser = new Parser();
  const comments: TextRange[] = [];
  parser.onComment = (_kind, comment, range) => {
    if (comment.startsWith('/**')) comments.push({ start: range.start, end: range.end });
  };
  parser.parseFile(text, `${path}.ts`, true);
  const classes = new Map<string, ClassDeclaration>();
  const aliases = new Map<string, TypeDeclaration>();
  const enums = new Set<string>();
  const imports = new Map<string, ImportedName>();
  const reexports = new Map<string, ImportedName>();
  const wholeReexports: string[] = [];
  const dependencies: string[] = [];
  const itself = `./${path.split('/').at(-1) ?? path}`;
  for (const outer of parser.sources[0]?.statements ?? []) {
    let statement = outer;
    if (outer instanceof ExportDefaultStatement) {
      statement = outer.declaration;
      reexports.set('default', { name: outer.declaration.name.text, path: itself });
    }
    if (statement instanceof ClassDeclaration && !(statement instanceof InterfaceDeclaration)) {
      classes.set(statement.name.text, statement);
    } else if (statement instanceof TypeDeclaration) {
      aliases.set(statement.name.text, statement);
    } else if (statement instanceof EnumDeclaration) {
      enums.add(statement.name.text);
    } else if (statement instanceof ImportStatement) {
      dependencies.push(statement.path.value);
      for (const declaration of statement.declarations ?? []) {
        imports.set(declaration.name.text, {
          name: declaration.foreignName.text,
          path: statement.path.value,
        });
      }
    } else if (statement instanceof ExportStatement && statement.path) {
      const from = statement.path.value;
      dependencies.push(from);
      if (!statement.members) wholeReexports.push(from);
      for (const member of statement.members ?? []) {
        reexports.set(member.exportedName.text, { name: member.localName.text, path: from });
      }
    } else if (statement instanceof ExportStatement) {
      for (const member of statement.members ?? []) {
        reexports.set(member.exportedName.text, { name: member.localName.text, path: itself });
      }
    }
  }
  const syntaxErrors = parser.diagnostics
    .filter(isError)
    .map(
      ({ message, range }) => new CompileError('COMPILER', message, range ? positionOf(range) : undefined),
    );
  return {
    path,
    text,
    classes,
    aliases,
    enums,
    imports,
    reexports,
    wholeReexports,
    dependencies,
    comments,
    syntaxErrors,
  };
}

/** Whether what the compiler says is more than a warning: `DiagnosticCategory.Error`, a const enum. */
export function isError(diagnostic: { readonly category: number }): boolean {
  return diagnostic.category === 3;
}

/** An error that points at a node. */
export function errorAt(node: Node, message: string): CompileError {
  return new CompileError('SOURCE', message, positionOf(node.range));
}

function positionOf({ source, start }: Node['range']): SourcePosition {
  return { file: source.normalizedPath, ...placeOf(source.text, start) };
}

/** What the author wrote for a node. */
export function textOf(file: SourceFile, node: Node): string {
  return file.text.slice(node.range.start, node.range.end);
}

/** Line and column of an offset in a text. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

/** The decorator of a declaration with a given name. */
export function decoratorOf(declaration: DeclarationStatement, name: string): DecoratorNode | undefined {
  return declaration.decorators?.find(
    (decorator) => decorator.name instanceof IdentifierExpression && decorator.name.text === name,
  );
}

/** What the comment right above a declaration says. */
export interface Documentation {
  readonly details?: string;
  readonly params: Readonly<Record<string, string>>;
  readonly returns?: string;
}

/** Reads the block comment that stands directly before a declaration, or nothing. */
export function documentationOf(file: SourceFile, declaration: DeclarationStatement): Documentation {
  const nameStart = declaration.name.range.start;
  const comment = file.comments.findLast((candidate) => candidate.end <= nameStart);
  // Between comment and name there are only modifiers and decorators.
  if (!comment || /[;{}/=]/.test(file.text.slice(comment.end, nameStart))) return { params: {} };
  const lines = file.text
    .slice(comment.start + 3, comment.end - 2)
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s?/, '').trimEnd());
  const [details = '', ...tags] = lines.join('\n').split(/^@/m);
  const params: Record<string, string> = {};
  let returns: string | undefined;
  for (const tag of tags) {
    const param = /^param\s+(\w+)\s*-?\s*(.*)$/s.exec(tag);
    if (param?.[1]) params[param[1]] = oneLine(param[2] ?? '');
    const result = /^returns?\s+(.*)$/s.exec(tag);
    if (result) returns = oneLine(result[1] ?? '');
  }
  const text = oneLine(details);
  return { ...(text && { details: text }), params, ...(returns !== undefined && { returns }) };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}
