import type { ClassDeclaration } from 'assemblyscript';
import { CompileError } from '../errors.js';
import { LIB } from './codec.js';
import { type ContractModel, expandContract } from './contract-class.js';
import { type EditedText, Edits } from './edits.js';
import { expandEthereum, refuseUnmarked } from './ethereum-class.js';
import { expandStruct } from './struct-class.js';
import { TypeResolver } from './resolve-type.js';
import { decoratorOf, errorAt, LIBRARY, type SourceFile } from './source-file.js';
import type { Sources } from './sources.js';

/** A contract as plain AssemblyScript. */
export interface ExpandedContract {
  readonly contract: ContractModel;
  /** Path without `.ts` of the file that holds the contract class. */
  readonly path: string;
  /** The text of each file, by path without `.ts`. */
  readonly texts: ReadonlyMap<string, EditedText>;
}

/**
 * Expands the decorated classes of a contract's sources: what the decorators mean is written out as AssemblyScript, line for
 * line where the author wrote the class.
 */
export function expand(sources: Sources): ExpandedContract {
  const types = new TypeResolver(sources);
  const texts = new Map<string, EditedText>();
  const found: { file: SourceFile; contract: ContractModel }[] = [];
  for (const file of sources.values()) {
    const edits = new Edits(file.text);
    let isChanged = false;
    for (const declaration of file.classes.values()) {
      if (decoratorOf(declaration, 'struct')) expandStruct(file, declaration, types, edits);
      else if (decoratorOf(declaration, 'ethereum')) expandEthereum(file, declaration, types, edits);
      else if (decoratorOf(declaration, 'contract')) {
        refuseSecond(found[0]?.contract, declaration);
        found.push({ file, contract: expandContract(file, declaration, types, edits) });
      } else {
        refuseUnmarked(file, declaration, types);
        continue;
      }
      isChanged = true;
    }
    if (isChanged) edits.append(`import * as ${LIB} from '${LIBRARY}/compiled';\n`);
    texts.set(file.path, edits.apply());
  }
  const only = found[0];
  if (!only) throw withoutContract(sources);
  return { contract: only.contract, path: only.file.path, texts };
}

/** Why no contract was found: in a file with a brace too few the parser finds no class at all. */
function withoutContract(sources: Sources): CompileError {
  return (
    CompileError.ofAll([...sources.values()].flatMap((file) => file.syntaxErrors)) ??
    new CompileError('SOURCE', `${[...sources.keys()][0]}.ts has no class marked @contract`)
  );
}

function refuseSecond(first: ContractModel | undefined, declaration: ClassDeclaration): void {
  if (first)
    throw errorAt(declaration.name, `${first.name} is the contract already: there is one in a program`);
}
