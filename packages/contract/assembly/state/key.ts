import { FixedBytes } from '../bytes';
import { writeHex } from '../hex';
import { u256 } from '../math/u256';
import { JsonWriter } from './json-writer';

/**
 * The name of a place in the state: a field's own name, then one part for each key on the way down, separated by points.
 * Integers are decimal, bytes and text are hex: no part holds a point, so no two places share a name, and none holds a
 * character that JSON or a JSON pointer would escape.
 */
@final
export class StateKey {
  constructor(
    readonly pointer: usize,
    readonly length: i32,
  ) {}

  /** The place below this one that a key leads to. */
  at<K>(key: K): StateKey {
    if (isInteger<K>()) {
      const writer = new JsonWriter();
      if (isSigned<K>()) writer.signed(<i64>key);
      else writer.unsigned(<u64>key);
      return this.with(writer.pointer, writer.length);
    }
    if (isString<K>()) {
      const text = String.UTF8.encode(changetype<string>(key));
      return this.withHex(changetype<usize>(text), text.byteLength);
    }
    if (key instanceof FixedBytes) return this.withHex(key.pointer, key.length);
    if (key instanceof u256) {
      const writer = new JsonWriter();
      key.writeJson(writer);
      // Without the quotes and the 0x.
      return this.with(writer.pointer + 3, writer.length - 4);
    }
    ERROR('a key is an integer, u256, string, Address or fixed bytes');
  }

  private with(part: usize, length: i32): StateKey {
    const place = this.extended(length);
    memory.copy(place.pointer + this.length + 1, part, length);
    return place;
  }

  private withHex(bytes: usize, length: i32): StateKey {
    const place = this.extended(2 * length);
    writeHex(place.pointer + this.length + 1, bytes, length);
    return place;
  }

  private extended(by: i32): StateKey {
    const pointer = heap.alloc(this.length + 1 + by);
    memory.copy(pointer, this.pointer, this.length);
    store<u8>(pointer + this.length, 0x2e);
    return new StateKey(pointer, this.length + 1 + by);
  }
}
