import { FunctionDeclaration, type Node, Parser, type Program } from 'assemblyscript';

/** Where AssemblyScript's own library hashes the keys of a `Map` or `Set`, and by which function. */
const FILE = '~lib/util/hash';
const NAME = 'HASH';

/** What goes before everything else there. Other keys compile as before: both conditions are decided by the compiler. */
const BY_VALUE = `function ${NAME}<T>(key: T): u32 {
  if (isReference<T>()) { if (isDefined(key.__hash)) return key.__hash; }
}`;

/**
 * Has a `Map` or `Set` in memory find a key by value when its class says its hash, as the library's numbers and bytes do. By
 * itself the language hashes the address of an object: an equal key that is another object was found or not as chance had it.
 */
export function hashByValue(program: Program): void {
  const statements = bodyOf(program.sources.find(({ internalPath }) => internalPath === FILE));
  const parser = new Parser();
  parser.parseFile(BY_VALUE, `${FILE}.ts`, false);
  statements?.unshift(...(bodyOf(parser.sources[0]) ?? []));
}

/** The statements of the function in a source. */
function bodyOf(source: Program['sources'][number] | undefined): Node[] | undefined {
  const declaration = source?.statements.find(
    (statement): statement is FunctionDeclaration =>
      statement instanceof FunctionDeclaration && statement.name.text === NAME,
  );
  return (declaration?.body as { readonly statements: Node[] } | null | undefined)?.statements;
}
