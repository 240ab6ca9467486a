import { startBuildClock } from './build-clock.js';
import { checkFunctions } from './check-functions.js';
import { decodeModule } from './decode.js';
import { encodeModule } from './encode.js';
import { defaultModuleLimits, initialPages, maximumPages } from './limits.js';
import type { ModuleLimits } from './limits.js';
import { at } from './module.js';
import type { DataSegment, DefinedFunction, Export, FunctionType, Module } from './module.js';
import { op, valueType } from './opcodes.js';
import { prune, shiftFunctions } from './prune.js';
import { checkDeployedMemory, checkEntry, checkModule } from './validate.js';
import { Writer } from './writer.js';
import { refuseAtOnce } from './refuse.js';

/** What a deployment makes of a module. */
export interface BuiltContract {
  /** The contract from now on: its hash is on chain. */
  readonly exe: Uint8Array;
  /** Runs once, by its export `call`; what it gives to `ret` is {@link BuiltContract.exe}. */
  readonly constructorModule: Uint8Array;
}

/**
 * Builds exe code and constructor of a module as it is deployed, byte for byte as every other worker does.
 *
 * Source: docs/protocol.md, "From preCode to exe code".
 *
 * @param preCode a WebAssembly module
 * @throws ContractError when it cannot be a contract
 */
export function buildContract(
  preCode: Uint8Array,
  limits: ModuleLimits = defaultModuleLimits,
): BuiltContract {
  const checkTime = startBuildClock(limits);
  const module = decodeModule(preCode, limits, refuseAtOnce);
  checkModule(preCode, module, refuseAtOnce);
  checkTime();
  checkDeployedMemory(module, refuseAtOnce);
  checkEntry(module, 'call', refuseAtOnce);
  checkEntry(module, 'deploy', refuseAtOnce);
  checkFunctions(module, limits, refuseAtOnce, checkTime);
  const built = buildFrom(module);
  checkTime();
  return built;
}

/** {@link buildContract} of a module that has been decoded and checked. */
export function buildFrom(module: Module): BuiltContract {
  const external = withHostMemory(module);
  const exe = encodeModule(prune(external, exportNamed(external, 'call')));
  const deploy = module.exports.find((entry) => entry.name === 'deploy');
  if (deploy === undefined) return { exe, constructorModule: exe };
  return { exe, constructorModule: encodeModule(constructorOf(prune(external, deploy), exe)) };
}

/** The module with a memory from the host, whatever it declared. */
function withHostMemory(module: Module): Module {
  return {
    ...module,
    memory: { size: { initial: initialPages, maximum: maximumPages }, importedAfter: module.imports.length },
  };
}

/** Lets the only export, `deploy`, end by giving `exe` as the result. */
function constructorOf(pruned: Module, exe: Uint8Array): Module {
  const { module, index: ret } = withRet(pruned);
  const offset = placeAfter(module.data);
  const deploy = exportNamed(module, 'deploy');
  const code = new Writer(32);
  code.byte(op.call);
  code.u32(deploy.index);
  code.byte(op.i32Const);
  code.s32(offset);
  code.byte(op.i32Const);
  code.s32(exe.length);
  code.byte(op.call);
  code.u32(ret);
  code.byte(op.end);
  const { types, index: type } = withType(module.types, [], []);
  const main: DefinedFunction = { type, body: { locals: [], code: code.written } };
  return {
    ...module,
    types,
    functions: [...module.functions, main],
    exports: [{ name: 'call', kind: 'function', index: module.imports.length + module.functions.length }],
    data: [...module.data, { mode: { kind: 'active', offset }, bytes: exe }],
  };
}

/** The module with an import of `ret`, and the index of that function. */
function withRet(module: Module): { readonly module: Module; readonly index: number } {
  const found = module.imports.findIndex((entry) => entry.field === 'ret');
  if (found >= 0) return { module, index: found };
  const index = module.imports.length;
  const { types, index: type } = withType(module.types, [valueType.i32, valueType.i32], []);
  const imports = [...module.imports, { module: 'env', field: 'ret', type }];
  return { module: { ...shiftFunctions(module, index, 1), types, imports }, index };
}

/** Where the bytes go that follow the last data segment that memory begins with. */
function placeAfter(segments: readonly DataSegment[]): number {
  const last = segments.findLast(({ mode }) => mode.kind === 'active');
  if (last?.mode.kind !== 'active') return 0;
  const { length } = last.bytes;
  return (last.mode.offset + length + 4 - (length % 4)) | 0;
}

/** The types with one more, unless there is an equal one already. */
function withType(
  types: readonly FunctionType[],
  parameters: readonly number[],
  results: readonly number[],
): { readonly types: readonly FunctionType[]; readonly index: number } {
  const found = types.findIndex((type) => equal(type.parameters, parameters) && equal(type.results, results));
  if (found >= 0) return { types, index: found };
  const type = { parameters: Uint8Array.from(parameters), results: Uint8Array.from(results) };
  return { types: [...types, type], index: types.length };
}

function equal(one: Uint8Array, other: readonly number[]): boolean {
  return one.length === other.length && other.every((value, index) => one[index] === value);
}

function exportNamed(module: Module, name: string): Export {
  return at(
    module.exports.filter((entry) => entry.name === name),
    0,
  );
}
