import { FixedBytes } from '../bytes';
import { argumentsLength, fetchArguments } from '../host';
import { i256 } from '../math/i256';
import { u256 } from '../math/u256';
import { fitsSigned, fitsSigned256, fitsUnsigned, fitsUnsigned256 } from './writer';
import { revert } from '../revert';

function malformed(): void {
  revert('arguments are not what the function takes');
}

/**
 * Reads Solidity's ABI encoding, as strictly as Solidity does: padding must be what it has to be, and everything must lie
 * inside the bytes. `head` and `base` are those of {@link AbiWriter}.
 */
@final
export class AbiReader {
  private base: usize;
  private head: usize;
  private readonly end: usize;

  constructor(bytes: usize, length: i32) {
    this.base = bytes;
    this.head = bytes;
    this.end = bytes + length;
  }

  /** Over the arguments of the call. */
  static ofArguments(): AbiReader {
    const length = argumentsLength();
    const bytes = heap.alloc(length);
    fetchArguments(bytes);
    return new AbiReader(bytes, length);
  }

  private word(): usize {
    const place = this.head;
    if (this.end - place < 32) malformed();
    this.head = place + 32;
    return place;
  }

  /** A word of which only the lowest `8 * bytes` bits may be set: gives where those begin. */
  private lowest(bytes: i32): usize {
    const place = this.word();
    for (let i = 0; i < 32 - bytes; i++) {
      if (load<u8>(place + i)) malformed();
    }
    return place + 32 - bytes;
  }

  private small(): u64 {
    const place = this.word();
    if (load<u64>(place) | load<u64>(place, 8) | load<u64>(place, 16)) malformed();
    return bswap(load<u64>(place, 24));
  }

  boolean(): bool {
    const value = this.small();
    if (value > 1) malformed();
    return <bool>value;
  }

  unsigned(bits: i32): u64 {
    return fitsUnsigned(this.small(), bits);
  }

  signed(bits: i32): i64 {
    const place = this.word();
    const value = <i64>bswap(load<u64>(place, 24));
    const fill = <u64>(value >> 63);
    if (load<u64>(place) != fill || load<u64>(place, 8) != fill || load<u64>(place, 16) != fill) malformed();
    return fitsSigned(value, bits);
  }

  unsigned256(bits: i32): u256 {
    return fitsUnsigned256(u256.fromBigEndian(this.word()), bits);
  }

  signed256(bits: i32): i256 {
    return fitsSigned256(new i256(u256.fromBigEndian(this.word())), bits);
  }

  address<T extends FixedBytes>(): T {
    const value = instantiate<T>();
    memory.copy(value.pointer, this.lowest(20), 20);
    return value;
  }

  fixedBytes<T extends FixedBytes>(): T {
    const value = instantiate<T>();
    const place = this.word();
    const length = value.length;
    memory.copy(value.pointer, place, length);
    for (let i = length; i < 32; i++) {
      if (load<u8>(place + i)) malformed();
    }
    return value;
  }

  bytes(): Uint8Array {
    const place = this.packed();
    const length = this.packedLength;
    const bytes = new Uint8Array(length);
    memory.copy(bytes.dataStart, place, length);
    return bytes;
  }

  text(): string {
    const place = this.packed();
    return String.UTF8.decodeUnsafe(place, this.packedLength);
  }

  private packedLength: i32 = 0;

  private packed(): usize {
    const place = this.target();
    this.packedLength = this.lengthAt(place);
    if (<usize>((this.packedLength + 31) & ~31) > this.end - place - 32) malformed();
    return place + 32;
  }

  /** Where the next head word points. */
  private target(): usize {
    const distance = this.small();
    const place = this.base + <usize>distance;
    if (distance > <u64>(this.end - this.base)) malformed();
    return place;
  }

  /** The length that stands at a place. It is at most that of all arguments, so what it measures cannot overflow. */
  private lengthAt(place: usize): i32 {
    if (this.end - place < 32) malformed();
    if (load<u64>(place) | load<u64>(place, 8) | load<u64>(place, 16)) malformed();
    const length = bswap(load<u64>(place, 24));
    if (length > <u64>(this.end - place)) malformed();
    return <i32>length;
  }

  /** Goes into a dynamic tuple or fixed array; gives what {@link leave} needs to come back. */
  enter(): u64 {
    return this.descend(this.target());
  }

  /** Length of the array that {@link enterArray} went into last. */
  arrayLength: i32 = 0;

  /** Goes into an array that tells its length, whose items have heads of so many bytes. */
  enterArray(itemHeadLength: i32): u64 {
    const place = this.target();
    this.arrayLength = this.lengthAt(place);
    if (<u64>this.arrayLength * <u64>itemHeadLength > <u64>(this.end - place - 32)) malformed();
    return this.descend(place + 32);
  }

  private descend(place: usize): u64 {
    const outside = ((<u64>this.base) << 32) | (<u64>this.head);
    this.base = place;
    this.head = place;
    return outside;
  }

  leave(outside: u64): void {
    this.base = <usize>(outside >> 32);
    this.head = <usize>outside;
  }
}
