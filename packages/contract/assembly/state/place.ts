import { readState, readStateLength, removeState, writeState } from '../host';
import { JsonReader } from './json-reader';
import { readJson, writeJson, zero } from './json';
import { JsonWriter } from './json-writer';
import { StateKey } from './key';
import { checkWrite } from '../viewing';

const NULL_TEXT: u32 = 0x6c6c756e; // what a worker reads where nothing is

/** Whether a text that was read says that nothing is there. */
export function isNull(text: usize, length: i32): bool {
  return length == 4 && load<u32>(text) == NULL_TEXT;
}

/** Whether something is at the place. */
export function isThere(key: StateKey): bool {
  const length = readStateLength(key.pointer, key.length);
  if (length != 4) return true;
  const text = memory.data(4);
  readState(key.pointer, key.length, text);
  return !isNull(text, length);
}

/** The value at the place; zero, false or nothing when nothing is there, for which `zero` wants the lengths. */
export function readPlace<T>(key: StateKey, lengths: u64 = 0): T {
  const length = readStateLength(key.pointer, key.length);
  const text = heap.alloc(length);
  readState(key.pointer, key.length, text);
  if (isNull(text, length)) return zero<T>(lengths);
  return readJson<T>(new JsonReader(text, length));
}

export function writePlace<T>(key: StateKey, value: T): void {
  checkWrite();
  const writer = new JsonWriter();
  writeJson<T>(writer, value);
  writeState(key.pointer, key.length, writer.pointer, writer.length);
}

export function removePlace(key: StateKey): void {
  checkWrite();
  removeState(key.pointer, key.length);
}
