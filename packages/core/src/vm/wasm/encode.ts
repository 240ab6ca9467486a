import { at } from './module.js';
import type {
  Body,
  DataSegment,
  ElementSegment,
  Export,
  FunctionType,
  Module,
  SegmentMode,
  Size,
} from './module.js';
import { op } from './opcodes.js';
import { Writer } from './writer.js';

const exportKinds = { function: 0, table: 1, memory: 2, global: 3 } as const;

/**
 * Writes a module: sections in their order and only those with content (but see {@link Module.globalSection}), every
 * integer in its shortest form.
 */
export function encodeModule(module: Module): Uint8Array {
  const writer = new Writer(64 * 1024);
  writer.raw(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00));
  const section = (id: number, count: number, write: (index: number) => void, evenEmpty = false): void => {
    if (count === 0 && !evenEmpty) return;
    writer.byte(id);
    writer.sized(() => {
      writer.u32(count);
      for (let index = 0; index < count; index += 1) write(index);
    });
  };
  const { memory, table } = module;

  section(1, module.types.length, (index) => writeType(writer, at(module.types, index)));
  const imports = importsOf(module);
  section(2, imports.length, (index) => at(imports, index)(writer));
  section(3, module.functions.length, (index) => writer.u32(at(module.functions, index).type));
  if (table !== undefined) {
    section(4, 1, () => {
      writer.byte(0x70);
      writeSize(writer, table);
    });
  }
  if (memory !== undefined && memory.importedAfter === undefined)
    section(5, 1, () => writeSize(writer, memory.size));
  section(
    6,
    module.globals.length,
    (index) => {
      const global = at(module.globals, index);
      writer.byte(global.type);
      writer.byte(global.mutable ? 1 : 0);
      writer.raw(global.initial);
      writer.byte(op.end);
    },
    module.globalSection,
  );
  section(7, module.exports.length, (index) => writeExport(writer, at(module.exports, index)));
  section(9, module.elements.length, (index) => writeElements(writer, at(module.elements, index)));
  if (module.dataCount) {
    writer.byte(12);
    writer.sized(() => writer.u32(module.data.length));
  }
  section(10, module.functions.length, (index) => writeBody(writer, at(module.functions, index).body));
  section(11, module.data.length, (index) => writeData(writer, at(module.data, index)));
  return writer.written.slice();
}

/** What writes each import, in order. */
function importsOf(module: Module): ((writer: Writer) => void)[] {
  const writers = module.imports.map((entry) => (writer: Writer) => {
    writer.name(entry.module);
    writer.name(entry.field);
    writer.byte(exportKinds.function);
    writer.u32(entry.type);
  });
  const { memory } = module;
  if (memory?.importedAfter !== undefined) {
    writers.splice(memory.importedAfter, 0, (writer) => {
      writer.name('env');
      writer.name('memory');
      writer.byte(exportKinds.memory);
      writeSize(writer, memory.size);
    });
  }
  return writers;
}

function writeType(writer: Writer, type: FunctionType): void {
  writer.byte(0x60);
  writer.u32(type.parameters.length);
  writer.raw(type.parameters);
  writer.u32(type.results.length);
  writer.raw(type.results);
}

function writeSize(writer: Writer, size: Size): void {
  writer.byte(size.maximum === undefined ? 0 : 1);
  writer.u32(size.initial);
  if (size.maximum !== undefined) writer.u32(size.maximum);
}

function writeExport(writer: Writer, entry: Export): void {
  writer.name(entry.name);
  writer.byte(exportKinds[entry.kind]);
  writer.u32(entry.index);
}

function writeElements(writer: Writer, segment: ElementSegment): void {
  const expressions = segment.functions.includes(undefined);
  const kind = { active: 0, passive: 1, declarative: 3 }[segment.mode.kind];
  writer.u32(kind + (expressions ? 4 : 0));
  writeOffset(writer, segment.mode);
  if (kind !== 0) writer.byte(expressions ? 0x70 : 0x00);
  writer.u32(segment.functions.length);
  for (const index of segment.functions) {
    if (!expressions) writer.u32(index ?? 0);
    else if (index === undefined) writer.raw(Uint8Array.of(0xd0, 0x70, op.end));
    else {
      writer.byte(0xd2);
      writer.u32(index);
      writer.byte(op.end);
    }
  }
}

function writeBody(writer: Writer, body: Body): void {
  writer.sized(() => {
    writer.u32(body.locals.length);
    for (const group of body.locals) {
      writer.u32(group.count);
      writer.byte(group.type);
    }
    writer.raw(body.code);
  });
}

function writeData(writer: Writer, segment: DataSegment): void {
  writer.u32(segment.mode.kind === 'active' ? 0 : 1);
  writeOffset(writer, segment.mode);
  writer.u32(segment.bytes.length);
  writer.raw(segment.bytes);
}

function writeOffset(writer: Writer, mode: SegmentMode): void {
  if (mode.kind !== 'active') return;
  writer.byte(op.i32Const);
  writer.s32(mode.offset);
  writer.byte(op.end);
}
