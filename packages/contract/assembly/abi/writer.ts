import { FixedBytes } from '../bytes';
import { ret, writeEthereumBridge } from '../host';
import { i256 } from '../math/i256';
import { u256 } from '../math/u256';
import { revert } from '../revert';
import { checkEthereum } from '../viewing';

/**
 * Writes Solidity's ABI encoding: https://docs.soliditylang.org/en/latest/abi-spec.html. A tuple or array has a head, one word
 * for each static value, and a tail for what has no fixed length. `head` is where the next head word goes; what is dynamic
 * goes to the end, and its head word is the distance from `base`, where the head of the innermost tuple or array begins.
 */
@final
export class AbiWriter {
  private buffer: usize;
  private room: i32;
  private used: i32;
  private base: i32;
  private head: i32;

  /**
   * @param prefix bytes left free before the encoding, for a selector
   * @param headLength length of the head in bytes
   */
  constructor(
    private readonly prefix: i32,
    headLength: i32,
  ) {
    this.used = prefix + headLength;
    this.room = this.used;
    this.buffer = heap.alloc(this.used);
    this.base = prefix;
    this.head = prefix;
  }

  get pointer(): usize {
    return this.buffer;
  }

  get length(): i32 {
    return this.used;
  }

  /** Gives the encoding as the result of the call. */
  finish(): void {
    ret(this.buffer, this.used);
  }

  /** Asks for a call of an Ethereum contract with the encoding behind the selector. */
  finishEthereum(selector: u32, contract: FixedBytes): void {
    checkEthereum();
    store<u32>(this.buffer, bswap(selector));
    writeEthereumBridge(this.buffer, this.used, contract.pointer);
  }

  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.used);
    memory.copy(bytes.dataStart, this.buffer, this.used);
    return bytes;
  }

  private grow(length: i32): i32 {
    const start = this.used;
    this.used += length;
    if (this.used > this.room) {
      this.room = max(this.used, this.room << 1);
      this.buffer = heap.realloc(this.buffer, this.room);
    }
    return start;
  }

  /** The next head word. It is zero: the arena gives no memory twice. */
  private word(): usize {
    const place = this.buffer + this.head;
    this.head += 32;
    return place;
  }

  boolean(value: bool): void {
    store<u8>(this.word(), value, 31);
  }

  unsigned(value: u64): void {
    store<u64>(this.word(), bswap(value), 24);
  }

  signed(value: i64): void {
    const place = this.word();
    if (value < 0) memory.fill(place, 0xff, 24);
    store<u64>(place, bswap(<u64>value), 24);
  }

  unsigned256(value: u256): void {
    value.toBigEndian(this.word());
  }

  signed256(value: i256): void {
    value.word.toBigEndian(this.word());
  }

  address(value: FixedBytes): void {
    memory.copy(this.word() + 12, value.pointer, 20);
  }

  fixedBytes(value: FixedBytes): void {
    memory.copy(this.word(), value.pointer, value.length);
  }

  bytes(value: Uint8Array): void {
    this.packed(value.dataStart, value.length);
  }

  text(value: string): void {
    const bytes = String.UTF8.encode(value);
    this.packed(changetype<usize>(bytes), bytes.byteLength);
  }

  private packed(bytes: usize, length: i32): void {
    store<u32>(this.word(), bswap(<u32>(this.used - this.base)), 28);
    const start = this.grow(32 + ((length + 31) & ~31));
    store<u32>(this.buffer + start, bswap(<u32>length), 28);
    memory.copy(this.buffer + start + 32, bytes, length);
  }

  /** Goes into a dynamic tuple or fixed array; gives what {@link leave} needs to come back. */
  enter(headLength: i32): u64 {
    store<u32>(this.word(), bswap(<u32>(this.used - this.base)), 28);
    return this.descend(headLength);
  }

  /** Goes into an array that tells its length. */
  enterArray(length: i32, itemHeadLength: i32): u64 {
    store<u32>(this.word(), bswap(<u32>(this.used - this.base)), 28);
    // The buffer may move while it grows, so it is asked for after.
    const start = this.grow(32);
    store<u32>(this.buffer + start, bswap(<u32>length), 28);
    return this.descend(length * itemHeadLength);
  }

  private descend(headLength: i32): u64 {
    const outside = ((<u64>this.base) << 32) | (<u64>this.head);
    this.base = this.used;
    this.head = this.used;
    this.grow(headLength);
    return outside;
  }

  leave(outside: u64): void {
    this.base = <i32>(outside >> 32);
    this.head = <i32>outside;
  }
}

/** Checks that a value fits the width its Solidity type has. */
export function fitsUnsigned(value: u64, bits: i32): u64 {
  if (bits < 64 && value >> bits) tooWide();
  return value;
}

export function fitsSigned(value: i64, bits: i32): i64 {
  if (bits < 64 && (value << (64 - bits)) >> (64 - bits) != value) tooWide();
  return value;
}

export function fitsUnsigned256(value: u256, bits: i32): u256 {
  if (value.bits > bits) tooWide();
  return value;
}

export function fitsSigned256(value: i256, bits: i32): i256 {
  const word = value.isNegative ? ~value.word : value.word;
  if (word.bits >= bits) tooWide();
  return value;
}

/** Checks the length of a fixed array. */
export function checkLength(length: i32, expected: i32): void {
  if (length != expected) revert('array of the wrong length');
}

function tooWide(): void {
  revert('number out of range');
}
