import { FixedBytes } from '../bytes';
import { JsonReader } from './json-reader';
import { JsonWriter } from './json-writer';

const COMMA: u8 = 0x2c;
const OPEN: u8 = 0x5b;
const CLOSE: u8 = 0x5d;

/**
 * Writes a value as it stands in the state: true and false, integers up to 64 bits as numbers, wider ones and bytes as hex
 * text, text as text, arrays and the fields of a struct as arrays.
 */
export function writeJson<T>(writer: JsonWriter, value: T): void {
  if (isBoolean<T>()) writer.boolean(<bool>value);
  else if (isInteger<T>()) {
    if (isSigned<T>()) writer.signed(<i64>value);
    else writer.unsigned(<u64>value);
  } else if (isFloat<T>()) ERROR('a contract keeps no floating-point numbers: they are not exact');
  else if (isString<T>()) writer.text(changetype<string>(value));
  else if (value instanceof Uint8Array) writer.bytes(value.dataStart, value.length);
  else if (value instanceof FixedBytes) writer.bytes(value.pointer, value.length);
  else if (isArrayLike<T>()) {
    writer.character(OPEN);
    for (let i = 0, length = value.length; i < length; i++) {
      if (i) writer.character(COMMA);
      writeJson<valueof<T>>(writer, value[i]);
    }
    writer.character(CLOSE);
  } else value.writeJson(writer);
}

/** Reads what {@link writeJson} wrote. */
export function readJson<T>(reader: JsonReader): T {
  if (isBoolean<T>()) return <T>reader.boolean();
  if (isInteger<T>()) {
    if (isSigned<T>()) return <T>reader.signed();
    return <T>reader.unsigned();
  }
  if (isString<T>()) return changetype<T>(reader.text());
  if (changetype<T>(0) instanceof Uint8Array) {
    const bytes = new Uint8Array(reader.bytesLength());
    reader.bytes(bytes.dataStart, bytes.length);
    return changetype<T>(bytes);
  }
  if (changetype<T>(0) instanceof FixedBytes) {
    const bytes = instantiate<T>();
    reader.bytes(bytes.pointer, bytes.length);
    return bytes;
  }
  if (isArrayLike<T>()) {
    const items = new Array<valueof<T>>();
    reader.expect(OPEN);
    if (!reader.take(CLOSE)) {
      do items.push(readJson<valueof<T>>(reader));
      while (reader.take(COMMA));
      reader.expect(CLOSE);
    }
    if (isArray<T>()) return changetype<T>(items);
    return changetype<T>(StaticArray.fromArray<valueof<T>>(items));
  }
  return changetype<T>(0).readJson(reader);
}

/**
 * What a place in the state holds before anything was written there: false, 0, and nothing in it.
 *
 * @param lengths those of fixed arrays in one another, which their types do not tell: six bits each, the outermost lowest
 */
export function zero<T>(lengths: u64 = 0): T {
  if (isInteger<T>()) return <T>0;
  if (isString<T>()) return changetype<T>('');
  if (changetype<T>(0) instanceof Uint8Array) return changetype<T>(new Uint8Array(0));
  if (isArray<T>()) return changetype<T>(new Array<valueof<T>>());
  // Fixed bytes are like an array, too: they have a length and an index.
  if (changetype<T>(0) instanceof FixedBytes) return instantiate<T>();
  if (isArrayLike<T>()) {
    const items = new StaticArray<valueof<T>>(<i32>(lengths & 63));
    for (let i = 0; i < items.length; i++) items[i] = zero<valueof<T>>(lengths >> 6);
    return changetype<T>(items);
  }
  return instantiate<T>();
}
