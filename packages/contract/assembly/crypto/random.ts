import { fixedBytesAt, FixedBytes } from '../bytes';
import { rand } from '../host';
import { u256 } from '../math/u256';
import { revert } from '../revert';

/** Random bytes from inside the worker: nobody outside can foresee, choose or repeat them. */
export function randomBytes(length: i32): Uint8Array {
  const bytes = new Uint8Array(length);
  rand(bytes.dataStart, length);
  return bytes;
}

/** A random value of fixed bytes: `randomFixed<Bytes32>()`. */
export function randomFixed<T extends FixedBytes>(): T {
  const value = instantiate<T>();
  rand(value.pointer, value.length);
  return value;
}

/** A random bool, integer of a built-in type or u256, every value as likely as any other: `random<u8>()`. */
export function random<T>(): T {
  const room = memory.data(32, 8);
  if (isBoolean<T>()) {
    // One bit: of all bytes only a single one is zero.
    rand(room, 1);
    return <T>(load<u8>(room) & 1);
  }
  if (isInteger<T>()) {
    rand(room, sizeof<T>());
    return load<T>(room);
  }
  if (isReference<T>()) {
    if (changetype<T>(0) instanceof u256) {
      rand(room, 32);
      return changetype<T>(u256.fromLittleEndian(room));
    }
  }
  ERROR('random gives bools and integers; randomBytes and randomFixed give bytes');
}

/** A random integer from 0 up to but not including the bound, every value as likely as any other. */
export function randomBelow(bound: u64): u64 {
  if (bound == 0) revert('nothing is below 0');
  // The values that would make some results likelier are drawn again.
  const surplus = ((u64.MAX_VALUE % bound) + 1) % bound;
  let value: u64;
  do value = random<u64>();
  while (value > u64.MAX_VALUE - surplus);
  return value % bound;
}
