import type { Transform } from 'assemblyscript/asc';

type Binaryen = Transform['binaryen'];
type Module = InstanceType<Binaryen['Module']>;

/** Under this name the compiler exports what would be the start function. */
export const START_EXPORT = '__start';

/** Under this name the entry exports what has to happen first in a deployment. */
export const RESERVE_EXPORT = '__reserve';

/** Under this name the entry exports what is only there to be compiled last; see `runtime/arena.ts`. */
export const DATA_END_EXPORT = '__dataEnd';

/**
 * Puts calls at the beginning of both entries. A worker refuses a module with a start function: when a contract has globals
 * that must be computed, their initialisation is exported instead, and the entries begin with it. A deployment reserves the
 * place of the code even before that.
 */
export function prepareEntries(binaryen: Binaryen, module: Module): void {
  const reserve = functionOf(binaryen, module, RESERVE_EXPORT);
  const start = functionOf(binaryen, module, START_EXPORT);
  begin(binaryen, module, 'deploy', [reserve, start]);
  begin(binaryen, module, 'call', [start]);
  for (const name of [RESERVE_EXPORT, START_EXPORT, DATA_END_EXPORT]) {
    if (functionOf(binaryen, module, name) !== undefined) module.removeExport(name);
  }
}

function begin(
  binaryen: Binaryen,
  module: Module,
  entry: string,
  first: readonly (string | undefined)[],
): void {
  const name = functionOf(binaryen, module, entry);
  if (name === undefined) return;
  // Its types put this class into the module; it is beside it.
  const functions = (binaryen as unknown as Pick<Module, 'Function'>).Function;
  const target = module.getFunction(name);
  const calls = first.flatMap((called) =>
    called === undefined ? [] : [module.call(called, [], binaryen.none)],
  );
  functions.setBody(target, module.block(null, [...calls, functions.getBody(target)], binaryen.none));
}

/** The inner name of an exported function. */
function functionOf(binaryen: Binaryen, module: Module, name: string): string | undefined {
  for (let i = 0; i < module.getNumExports(); i++) {
    const info = binaryen.getExportInfo(module.getExportByIndex(i));
    if (info.name === name) return info.value;
  }
  return undefined;
}
