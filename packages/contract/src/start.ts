import type { Transform } from 'assemblyscript/asc';

type Binaryen = Transform['binaryen'];
type Module = InstanceType<Binaryen['Module']>;

/** Under this name the compiler exports what would be the start function. */
export const START_EXPORT = '__start';

/**
 * A worker refuses a module with a start function. When a contract has globals that must be computed, their initialisation is
 * exported instead, and this makes both entries begin with it.
 */
export function callStartFromEntries(binaryen: Binaryen, module: Module): void {
  const start = functionOf(binaryen, module, START_EXPORT);
  if (!start) return;
  // Its types put this class into the module; it is beside it.
  const functions = (binaryen as unknown as Pick<Module, 'Function'>).Function;
  for (const entry of ['deploy', 'call']) {
    const exported = functionOf(binaryen, module, entry);
    const target = exported && module.getFunction(exported);
    if (!target) continue;
    const body = functions.getBody(target);
    functions.setBody(
      target,
      module.block(null, [module.call(start, [], binaryen.none), body], binaryen.none),
    );
  }
  module.removeExport(START_EXPORT);
}

/** The inner name of an exported function. */
function functionOf(binaryen: Binaryen, module: Module, name: string): string | undefined {
  for (let i = 0; i < module.getNumExports(); i++) {
    const info = binaryen.getExportInfo(module.getExportByIndex(i));
    if (info.name === name) return info.value;
  }
  return undefined;
}
