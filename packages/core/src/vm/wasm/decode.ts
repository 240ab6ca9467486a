import { startBuildClock } from './build-clock.js';
import { checkCode } from './check-code.js';
import { ContractError, deserializationError } from './contract-error.js';
import type { ModuleLimits } from './limits.js';
import { readMany } from './module.js';
import type {
  Body,
  DataSegment,
  ElementSegment,
  Export,
  ExportKind,
  FunctionImport,
  FunctionType,
  Global,
  LocalGroup,
  Module,
  SegmentMode,
  Size,
} from './module.js';
import { op, valueType } from './opcodes.js';
import { Reader } from './reader.js';
import { checkLimit, refuseAtOnce } from './refuse.js';
import type { Refuse } from './refuse.js';
import { Writer } from './writer.js';

const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

// Section ids in the order in which sections come; 12 counts the data segments and stands before the code.
const sectionOrder = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];

const exportKinds: readonly ExportKind[] = ['function', 'table', 'memory', 'global'];

/**
 * Decodes a contract module, strictly: what it does not understand it refuses, and it never uses more memory or time
 * than the length of the bytes justifies. It checks the form, not the types: that is left to WebAssembly.validate.
 *
 * @param refuse is given each reason why the module cannot be a contract although it is well formed
 * @throws ContractError MALFORMED, and what `refuse` throws
 */
export function decodeModule(bytes: Uint8Array, limits: ModuleLimits, refuse: Refuse = refuseAtOnce): Module {
  return new Decoder(bytes, limits, refuse).module();
}

class Decoder {
  readonly #reader: Reader;
  readonly #limits: ModuleLimits;
  readonly #refuse: Refuse;
  readonly #checkTime: () => void;

  #types: FunctionType[] = [];
  #imports: FunctionImport[] = [];
  #functionTypes: number[] = [];
  #bodies: Body[] = [];
  #table: Size | undefined;
  #memory: Module['memory'];
  #globals: Global[] = [];
  #globalSection = false;
  #exports: Export[] = [];
  #elements: ElementSegment[] = [];
  #elementCount = 0;
  #data: DataSegment[] = [];
  #dataCount: number | undefined;

  constructor(bytes: Uint8Array, limits: ModuleLimits, refuse: Refuse) {
    this.#reader = new Reader(bytes);
    this.#limits = limits;
    this.#refuse = refuse;
    this.#checkTime = startBuildClock(limits);
    this.#limit('bytes', bytes.length, limits.moduleBytes);
  }

  module(): Module {
    const reader = this.#reader;
    for (const expected of magic)
      if (reader.byte() !== expected) throw reader.malformed('not a WebAssembly module');
    let order = -1;
    while (!reader.atEnd) {
      const id = reader.byte();
      const section = reader.part(reader.u32());
      if (id === 0) {
        section.name();
        continue;
      }
      const place = sectionOrder.indexOf(id);
      if (id === 13) {
        this.#unsupported('exceptions are not supported');
        continue;
      }
      if (place < 0) throw reader.malformed(`unknown section ${id}`);
      if (place <= order) throw reader.malformed(`section ${id} out of order`);
      order = place;
      this.#section(id, section);
      if (!section.atEnd) throw section.malformed(`section ${id} is longer than its content`);
    }
    if (this.#bodies.length !== this.#functionTypes.length)
      throw reader.malformed('functions without a body');
    if (this.#dataCount !== undefined && this.#dataCount !== this.#data.length) {
      throw reader.malformed('wrong count of data segments');
    }
    return {
      types: this.#types,
      imports: this.#imports,
      functions: this.#bodies.map((body, index) => ({ type: this.#functionTypes[index] ?? 0, body })),
      table: this.#table,
      memory: this.#memory,
      globals: this.#globals,
      exports: this.#exports,
      elements: this.#elements,
      data: this.#data,
      dataCount: this.#dataCount !== undefined,
      globalSection: this.#globalSection,
    };
  }

  #section(id: number, section: Reader): void {
    switch (id) {
      case 1:
        this.#types = this.#list(section, 'types', this.#limits.types, () => this.#type(section));
        return;
      case 2:
        this.#list(section, 'imports', this.#limits.imports, () => this.#import(section));
        return;
      case 3:
        this.#functionTypes = this.#list(section, 'functions', this.#limits.functions, () =>
          this.#typeIndex(section),
        );
        return;
      case 4:
        this.#list(section, 'tables', Infinity, () => this.#tableEntry(section));
        return;
      case 5:
        this.#list(section, 'memories', Infinity, () => this.#memoryEntry(section, false));
        return;
      case 6:
        this.#globals = this.#list(section, 'globals', this.#limits.globals, () => this.#global(section));
        this.#globalSection = this.#globals.length > 0;
        return;
      case 7:
        this.#exports = this.#list(section, 'exports', this.#limits.exports, () => this.#export(section));
        return;
      case 8:
        section.u32();
        this.#refuse(deserializationError('START', 'start functions are not supported'));
        return;
      case 9:
        this.#elements = this.#list(section, 'element segments', this.#limits.elements, () =>
          this.#element(section),
        );
        return;
      case 12:
        this.#dataCount = section.u32();
        return;
      case 10:
        this.#bodies = this.#list(section, 'function bodies', this.#limits.functions, () =>
          this.#body(section),
        );
        return;
      default:
        this.#data = this.#list(section, 'data segments', this.#limits.dataSegments, () =>
          this.#dataSegment(section),
        );
        this.#limit(
          'bytes of data',
          sum(this.#data.map((segment) => segment.bytes.length)),
          this.#limits.dataBytes,
        );
    }
  }

  #list<Item>(section: Reader, name: string, limit: number, read: () => Item): Item[] {
    const count = section.u32();
    this.#limit(name, count, limit);
    return readMany(count, read);
  }

  #type(section: Reader): FunctionType {
    const form = section.byte();
    if (form !== 0x60) throw deserializationError('UNSUPPORTED', 'garbage collection is not supported');
    const parameters = this.#valueTypes(section, 'parameters', this.#limits.parameters);
    const results = this.#valueTypes(section, 'results', this.#limits.results);
    return { parameters, results };
  }

  #valueTypes(section: Reader, name: string, limit: number): Uint8Array {
    const count = section.u32();
    this.#limit(name, count, limit);
    const types = section.take(count);
    for (const type of types) this.#valueType(type, section);
    return types;
  }

  #valueType(type: number, section: Reader): number {
    if (type < valueType.f64 || type > valueType.i32) {
      if (type === 0x7b) this.#unsupported('SIMD is not supported');
      else if (type === 0x70 || type === 0x6f) {
        this.#unsupported('reference types other than call_indirect are not supported');
      } else throw section.malformed('unknown value type');
    }
    return type;
  }

  #typeIndex(section: Reader): number {
    const index = section.u32();
    if (index >= this.#types.length) throw section.malformed('unknown type');
    return index;
  }

  #import(section: Reader): void {
    const module = section.name();
    const field = section.name();
    const kind = section.byte();
    if (kind === 0) {
      this.#imports.push({ module, field, type: this.#typeIndex(section) });
    } else if (kind === 2) {
      this.#memoryEntry(section, true);
      if (module !== 'env' || field !== 'memory') this.#notFound(field);
    } else {
      if (kind === 1) this.#tableSize(section);
      else if (kind === 3) {
        this.#valueType(section.byte(), section);
        section.byte();
      } else if (kind === 4) {
        section.byte();
        section.u32();
      } else throw section.malformed('unknown kind of import');
      this.#notFound(field);
    }
  }

  #memoryEntry(section: Reader, imported: boolean): void {
    const flags = section.byte();
    if (flags > 7) throw section.malformed('unknown memory flags');
    if ((flags & 2) !== 0) this.#unsupported('threads are not supported');
    if ((flags & 4) !== 0) this.#unsupported('memory64 is not supported');
    const size = this.#limitsOf(section, flags);
    if (this.#memory !== undefined) this.#unsupported('several memories are not supported');
    this.#memory = { size, importedAfter: imported ? this.#imports.length : undefined };
  }

  #tableEntry(section: Reader): void {
    const size = this.#tableSize(section);
    if (this.#table !== undefined) this.#unsupported('several tables are not supported');
    this.#table = size;
    this.#limit('table entries', size.initial, this.#limits.tableEntries);
  }

  #tableSize(section: Reader): Size {
    if (section.byte() !== 0x70)
      this.#unsupported('reference types other than call_indirect are not supported');
    const flags = section.byte();
    if (flags > 1) throw section.malformed('unknown table flags');
    return this.#limitsOf(section, flags);
  }

  #limitsOf(section: Reader, flags: number): Size {
    return { initial: section.u32(), maximum: (flags & 1) === 0 ? undefined : section.u32() };
  }

  #global(section: Reader): Global {
    const type = this.#valueType(section.byte(), section);
    const mutable = section.byte();
    if (mutable > 1) throw section.malformed('unknown mutability');
    return { type, mutable: mutable === 1, initial: this.#constant(section) };
  }

  /** A constant expression: its one instruction, in shortest form. */
  #constant(section: Reader): Uint8Array {
    const start = section.position;
    const opcode = section.byte();
    if (opcode === op.i32Const) section.s32();
    else if (opcode === op.i64Const) section.skipS64();
    else if (opcode === op.f32Const) section.skip(4);
    else if (opcode === op.f64Const) section.skip(8);
    else {
      throw deserializationError('UNSUPPORTED', 'an initial value is not a constant');
    }
    const end = section.position;
    if (section.byte() !== op.end)
      throw deserializationError('UNSUPPORTED', 'an initial value is not a constant');
    if (opcode === op.f32Const || opcode === op.f64Const) return section.bytes.slice(start, end);
    const writer = new Writer(12);
    writer.byte(opcode);
    writer.shortened(section.bytes, start + 1, end);
    return writer.written;
  }

  #offset(section: Reader): number {
    const constant = this.#constant(section);
    if (constant[0] !== op.i32Const) throw section.malformed('an offset is not an i32');
    return new Reader(constant, 1).s32();
  }

  #export(section: Reader): Export {
    const name = section.name();
    const kind = section.byte();
    const index = section.u32();
    if (kind === 4) this.#unsupported('exceptions are not supported');
    else if (kind > 4) throw section.malformed('unknown kind of export');
    return { name, kind: exportKinds[kind] ?? 'global', index };
  }

  #element(section: Reader): ElementSegment {
    const flags = section.u32();
    if (flags > 7) throw section.malformed('unknown kind of element segment');
    const mode = this.#elementMode(section, flags);
    const expressions = (flags & 4) !== 0;
    // A kind or type stands there unless the segment is the plain old one.
    if ((flags & 3) !== 0 && section.byte() !== (expressions ? 0x70 : 0x00)) {
      this.#unsupported('reference types other than call_indirect are not supported');
    }
    const count = section.u32();
    this.#elementCount += count;
    this.#limit('elements', this.#elementCount, this.#limits.elements);
    const functions = readMany(count, () =>
      expressions ? this.#reference(section) : this.#functionIndex(section),
    );
    return { mode, functions };
  }

  #elementMode(section: Reader, flags: number): SegmentMode {
    if ((flags & 1) !== 0) return { kind: (flags & 2) === 0 ? 'passive' : 'declarative' };
    if ((flags & 2) !== 0 && section.u32() !== 0) this.#unsupported('several tables are not supported');
    return { kind: 'active', offset: this.#offset(section) };
  }

  #reference(section: Reader): number | undefined {
    const opcode = section.byte();
    let index: number | undefined;
    if (opcode === 0xd2) index = this.#functionIndex(section);
    else if (opcode !== 0xd0 || section.byte() !== 0x70) throw section.malformed('unknown reference');
    if (section.byte() !== op.end) throw section.malformed('unknown reference');
    return index;
  }

  #functionIndex(section: Reader): number {
    const index = section.u32();
    if (index >= this.#imports.length + this.#functionTypes.length)
      throw section.malformed('unknown function');
    return index;
  }

  #body(section: Reader): Body {
    const length = section.u32();
    this.#checkTime();
    this.#limit('bytes of a function', length, this.#limits.functionBytes);
    const reader = section.part(length);
    const locals = readMany(reader.u32(), (): LocalGroup => {
      const count = reader.u32();
      return { count, type: this.#valueType(reader.byte(), reader) };
    });
    this.#limit('locals of a function', sum(locals.map((group) => group.count)), this.#limits.locals);
    const code = reader.take(reader.end - reader.position);
    checkCode(code, this.#limits, this.#refuse);
    return { locals, code };
  }

  #dataSegment(section: Reader): DataSegment {
    const flags = section.u32();
    if (flags > 2) throw section.malformed('unknown kind of data segment');
    if (flags === 2 && section.u32() !== 0) this.#unsupported('several memories are not supported');
    const mode: SegmentMode =
      flags === 1 ? { kind: 'passive' } : { kind: 'active', offset: this.#offset(section) };
    return { mode, bytes: section.take(section.u32()) };
  }

  #limit(name: string, value: number, limit: number): void {
    checkLimit(name, value, limit, this.#refuse);
  }

  #unsupported(reason: string): void {
    this.#refuse(deserializationError('UNSUPPORTED', reason));
  }

  #notFound(field: string): void {
    this.#refuse(
      new ContractError(
        'IMPORT',
        `Error in execution of WASM code: Instantiation: Export ${field} not found`,
      ),
    );
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
