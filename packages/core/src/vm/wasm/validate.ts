import { hostSignatures } from '../host/signatures.js';
import type { HostSignature } from '../host/signatures.js';
import { wasm } from '../webassembly.js';
import { ContractError, deserializationError } from './contract-error.js';
import type { Refuse } from './refuse.js';
import { maximumPages, pageBytes } from './limits.js';
import { at, typeOfFunction } from './module.js';
import type { FunctionType, Module, SegmentMode } from './module.js';
import { valueType } from './opcodes.js';

/**
 * Checks what the format does not: that types fit (V8 does this), and that every import is a host function with its
 * right signature.
 *
 * @param bytes the module as it came
 * @param module the same, decoded
 */
export function checkModule(bytes: Uint8Array, module: Module, refuse: Refuse): void {
  for (const { module: from, field, type } of module.imports) {
    const signature = hostSignature(from, field);
    if (signature === undefined) refuse(importError(`Export ${field} not found`));
    else if (!matches(at(module.types, type), signature)) {
      refuse(importError(`Export ${field} has another signature`));
    }
  }
  if (!wasm.validate(bytes)) refuse(deserializationError('INVALID', reasonOf(bytes)));
}

/** Checks that the export `name` is a function that takes nothing, and returns whether it is there. */
export function checkEntry(module: Module, name: 'call' | 'deploy', refuse: Refuse): boolean {
  const entry = module.exports.find((candidate) => candidate.name === name);
  if (entry === undefined) {
    if (name === 'call') refuse(entryError("Module doesn't have export call"));
    return false;
  }
  if (entry.kind !== 'function') {
    refuse(entryError(`Export ${name} is not a function`));
    return true;
  }
  // An export of a function that is not there does not validate; that is said already.
  if (entry.index >= module.imports.length + module.functions.length) return true;
  const type = typeOfFunction(module, entry.index);
  if (type.parameters.length > 0) refuse(entryError(`Export ${name} takes parameters`));
  if (name === 'deploy' && type.results.length > 0) refuse(entryError('Export deploy gives results'));
  return true;
}

/** Checks a module whose memory is still its own, as it comes to be deployed. */
export function checkDeployedMemory(module: Module, refuse: Refuse): void {
  if (module.memory === undefined) refuse(memoryError('deserialization into WASM module: no memory section'));
}

/** Checks a module that is to run: its memory comes from the host, and is not too large. */
export function checkRunningMemory(module: Module, refuse: Refuse): void {
  if (module.memory?.importedAfter === undefined) {
    refuse(memoryError('creation of WASM module: Malformed wasm module: internal memory'));
    return;
  }
  const { initial, maximum } = module.memory.size;
  if (initial > maximumPages || maximum === undefined || maximum > maximumPages) {
    refuse(memoryError('WASM code: Instantiation: Module requested too much memory'));
  }
}

/**
 * Checks that what a module begins with has room in the table and in the memory that there is at the beginning. A
 * contract that can grow its memory runs in a larger one, so that V8 would let more pass.
 */
export function checkSegments(module: Module, refuse: Refuse): void {
  const entries = module.table?.initial ?? 0;
  const bytes = (module.memory?.size.initial ?? 0) * pageBytes;
  if (!module.elements.every(({ mode, functions }) => fits(mode, functions.length, entries))) {
    refuse(segmentError('elements segment does not fit'));
  }
  if (!module.data.every((segment) => fits(segment.mode, segment.bytes.length, bytes))) {
    refuse(segmentError('data segment does not fit'));
  }
}

function fits(mode: SegmentMode, length: number, room: number): boolean {
  return mode.kind !== 'active' || (mode.offset >>> 0) + length <= room;
}

function hostSignature(module: string, field: string): HostSignature | undefined {
  if (module !== 'env' || !Object.hasOwn(hostSignatures, field)) return undefined;
  return hostSignatures[field as keyof typeof hostSignatures];
}

function matches(type: FunctionType, signature: HostSignature): boolean {
  return (
    type.parameters.length === signature.parameters &&
    type.results.length === signature.results &&
    [...type.parameters, ...type.results].every((value) => value === valueType.i32)
  );
}

/** What V8 has against the module. */
function reasonOf(bytes: Uint8Array): string {
  try {
    void new wasm.Module(bytes);
    return 'not valid';
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    return `not valid: ${message.replace(/^WebAssembly\.Module\(\): /, '')}`;
  }
}

function importError(reason: string): ContractError {
  return new ContractError('IMPORT', `Error in execution of WASM code: Instantiation: ${reason}`);
}

function entryError(reason: string): ContractError {
  return new ContractError('EXPORT', `Error in execution of WASM code: Function: ${reason}`);
}

function segmentError(reason: string): ContractError {
  return new ContractError('INVALID', `Error in execution of WASM code: Instantiation: ${reason}`);
}

function memoryError(reason: string): ContractError {
  return new ContractError('MEMORY', `Error in execution of ${reason}`);
}
