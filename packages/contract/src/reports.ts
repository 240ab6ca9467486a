import type { APIOptions } from 'assemblyscript/asc';
import { CompileError } from './errors.js';
import type { EditedText } from './transform/edits.js';
import { LIBRARY, placeOf } from './transform/source-file.js';

type Diagnostic = Parameters<NonNullable<APIOptions['reportDiagnostic']>>[0];
type Range = NonNullable<Diagnostic['range']>;

/** What the compiler refuses, as an error of ours. */
export interface Report {
  readonly error: CompileError;
  /** Whether it stands in code that the author did not write. */
  readonly isGenerated: boolean;
  /** Whether it stands in a library, so that its place is that of the author's call. */
  readonly isCalled: boolean;
}

/** How the library says by itself what is wrong, with `ERROR`. */
const SAID_BY_US = /^User-defined: '?(.*?)'?$/s;

/** What the compiler says, with the plain names of types, where the author wrote it. */
export function reportOf(diagnostic: Diagnostic, texts: ReadonlyMap<string, EditedText>): Report {
  const { message, range, relatedRange } = diagnostic;
  const plain =
    missingPackage(message) ?? message.replace(/~lib\/[\w@/.-]*\/(\w+)/g, '$1').replace(SAID_BY_US, '$1');
  const here = placeIn(texts, range);
  if (here)
    return {
      error: new CompileError('COMPILER', plain, here.position),
      isGenerated: here.isGenerated,
      isCalled: false,
    };
  const file = range?.source?.normalizedPath;
  const where = file === undefined || SAID_BY_US.test(message) ? '' : ` (in ${file})`;
  const site = placeIn(texts, relatedRange);
  return {
    error: new CompileError('COMPILER', plain + where, site?.position),
    isGenerated: site?.isGenerated ?? false,
    isCalled: site !== undefined,
  };
}

/** Leaves out what only follows from something else that is wrong. */
export function toBeMended(reports: readonly Report[]): CompileError[] {
  const written = reports.filter(({ isGenerated }) => !isGenerated);
  const called = new Set<string>();
  return (written.length > 0 ? written : reports).flatMap(({ error, isCalled }) => {
    const { file, line, column } = error.position ?? {};
    const place = `${file}:${line}:${column}`;
    if (isCalled && called.has(place)) return [];
    if (isCalled) called.add(place);
    return [error];
  });
}

/** Where a range of what was compiled stands in a file of the author. */
function placeIn(texts: ReadonlyMap<string, EditedText>, range: Range | null) {
  const file = range?.source?.normalizedPath;
  const text = file === undefined ? undefined : texts.get(file.replace(/\.ts$/, ''));
  if (!range || file === undefined || text === undefined) return undefined;
  const origin = text.originOf(range.start);
  return {
    position: origin && { file, ...placeOf(text.original, origin.offset) },
    isGenerated: !origin?.isWritten,
  };
}

/** Says of a package that was not found what it is called by the author, and what it has to be. */
function missingPackage(message: string): string | undefined {
  const name = /^File '~lib\/(.+)\.ts' not found\.$/.exec(message)?.[1];
  if (name === undefined) return undefined;
  return LIBRARY === `${name}/assembly`
    ? `'${name}' is no part of a contract: import from '${LIBRARY}'`
    : `there is no '${name}' in AssemblyScript: a contract imports its own files, and packages written for AssemblyScript`;
}
