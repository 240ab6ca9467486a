import type { FieldReader, FieldWriter } from '../bytes/fields.js';
import type { StateHead, StateWrite, TaskChange } from './records.js';

/** Writes what a task changed. */
export function writeChange(writer: FieldWriter, { delta, state }: TaskChange): void {
  writer.bytes(delta);
  writer.number(state.base === undefined ? 0 : 1);
  if (state.base !== undefined) writeHead(writer, state.base);
  writeHead(writer, state.head);
  writer.number(state.writes.length);
  for (const { tag, value } of state.writes) {
    writer.bytes(tag);
    writer.number(value === undefined ? 0 : 1);
    if (value !== undefined) writer.bytes(value);
  }
}

/** Reads what {@link writeChange} wrote. */
export function readChange(reader: FieldReader): TaskChange {
  const delta = reader.bytes();
  const base = reader.number() === 0 ? undefined : readHead(reader);
  const head = readHead(reader);
  const writes: StateWrite[] = [];
  for (let left = reader.number(); left > 0; left--) {
    const tag = reader.bytes();
    writes.push({ tag, value: reader.number() === 0 ? undefined : reader.bytes() });
  }
  return { delta, state: { base, head, writes } };
}

function writeHead(writer: FieldWriter, head: StateHead): void {
  writer.bytes(head.id);
  writer.number(head.index);
  writer.bytes(head.hash);
  writer.number(head.shape === 'object' ? 0 : 1);
}

function readHead(reader: FieldReader): StateHead {
  return {
    id: reader.bytes(),
    index: reader.number(),
    hash: reader.bytes(),
    shape: reader.number() === 0 ? 'object' : 'whole',
  };
}
