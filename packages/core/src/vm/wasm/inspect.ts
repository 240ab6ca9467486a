import { gasPrices } from '../gas.js';
import { startBuildClock } from './build-clock.js';
import { buildFrom } from './build.js';
import { checkFunctions } from './check-functions.js';
import { ContractError } from './contract-error.js';
import { decodeModule } from './decode.js';
import { builtLimits, defaultModuleLimits } from './limits.js';
import type { ModuleLimits } from './limits.js';
import { at, typeOfFunction } from './module.js';
import type { Export, FunctionType, Module, Size } from './module.js';
import { valueType } from './opcodes.js';
import type { Refuse } from './refuse.js';
import { checkDeployedMemory, checkEntry, checkModule, checkSegments } from './validate.js';

/** What there is to say about a module before it is deployed. */
export interface Inspection {
  /** Bytes of the module. */
  readonly bytes: number;
  /** Every reason for which a deployment is refused; none when it is accepted. */
  readonly refusals: readonly ContractError[];
  /** What the module has; absent when its bytes cannot be decoded. */
  readonly content?: ModuleContent;
  /** What a deployment keeps of it; absent when it is refused. */
  readonly deployed?: DeployedContent;
}

export interface ModuleContent {
  /** As `env.ret (i32, i32) -> ()`, in the order of the module. */
  readonly imports: readonly string[];
  readonly exports: readonly {
    readonly name: string;
    readonly kind: Export['kind'];
    readonly signature?: string;
  }[];
  readonly functions: number;
  readonly codeBytes: number;
  readonly globals: number;
  readonly dataSegments: number;
  readonly dataBytes: number;
  readonly tableEntries: number;
  /** The memory it declares, in pages; the host gives it another. */
  readonly memory?: Size;
  readonly hasConstructor: boolean;
}

export interface DeployedContent {
  readonly exeBytes: number;
  readonly constructorBytes: number;
  readonly functions: number;
  readonly imports: readonly string[];
  /** Gas that a deployment pays for the exe code; the constructor's own gas comes on top. */
  readonly deployGas: number;
}

/** Who has read this many reasons needs no more of them. */
const maximumRefusals = 100;

/** Looks at a module as a deployment would, but goes on after the first reason to refuse it. Never throws. */
export function inspectModule(bytes: Uint8Array, limits: ModuleLimits = defaultModuleLimits): Inspection {
  const refusals: ContractError[] = [];
  const messages = new Set<string>();
  const refuse = (error: ContractError): void => {
    if (messages.has(error.message) || refusals.length === maximumRefusals) return;
    messages.add(error.message);
    refusals.push(error);
  };
  try {
    const module = decodeModule(bytes, limits, refuse);
    checkModule(bytes, module, refuse);
    checkDeployedMemory(module, refuse);
    checkEntry(module, 'call', refuse);
    const hasConstructor = checkEntry(module, 'deploy', refuse);
    const content = contentOf(module, hasConstructor);
    if (refusals.length > 0) return { bytes: bytes.length, refusals, content };
    checkFunctions(module, limits, refuse, startBuildClock(limits));
    const deployed = deployedOf(module, limits, refuse);
    if (refusals.length > 0) return { bytes: bytes.length, refusals, content };
    return { bytes: bytes.length, refusals, content, deployed };
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return { bytes: bytes.length, refusals: [...refusals, error] };
  }
}

const typeNames = new Map<number, string>(Object.entries(valueType).map(([name, code]) => [code, name]));

function signatureOf(type: FunctionType): string {
  const list = (types: Uint8Array): string =>
    `(${[...types].map((code) => typeNames.get(code) ?? '?').join(', ')})`;
  return `${list(type.parameters)} -> ${list(type.results)}`;
}

function importsOf(module: Module): string[] {
  return module.imports.map(
    (entry) => `${entry.module}.${entry.field} ${signatureOf(at(module.types, entry.type))}`,
  );
}

function contentOf(module: Module, hasConstructor: boolean): ModuleContent {
  const total = module.imports.length + module.functions.length;
  return {
    imports: importsOf(module),
    exports: module.exports.map(({ name, kind, index }) =>
      kind === 'function' && index < total
        ? { name, kind, signature: signatureOf(typeOfFunction(module, index)) }
        : { name, kind },
    ),
    functions: module.functions.length,
    codeBytes: module.functions.reduce((sum, { body }) => sum + body.code.length, 0),
    globals: module.globals.length,
    dataSegments: module.data.length,
    dataBytes: module.data.reduce((sum, segment) => sum + segment.bytes.length, 0),
    tableEntries: module.table?.initial ?? 0,
    ...(module.memory && { memory: module.memory.size }),
    hasConstructor,
  };
}

function deployedOf(module: Module, limits: ModuleLimits, refuse: Refuse): DeployedContent {
  const { exe, constructorModule } = buildFrom(module);
  const kept = decodeModule(exe, limits);
  checkSegments(decodeModule(constructorModule, builtLimits(limits)), refuse);
  return {
    exeBytes: exe.length,
    constructorBytes: constructorModule.length,
    functions: kept.functions.length,
    imports: importsOf(kept),
    deployGas: exe.length * gasPrices.deployByte,
  };
}
