import { readHex } from '../hex';
import { revert } from '../revert';

function broken(): void {
  revert('state holds another type');
}

/** Reads the compact JSON text that a worker gives: it has one form for each value, so there is nothing to skip. */
export class JsonReader {
  private readonly end: usize;

  constructor(
    private place: usize,
    length: i32,
  ) {
    this.end = place + length;
  }

  private peek(): u8 {
    if (this.place >= this.end) broken();
    return load<u8>(this.place);
  }

  /** Takes the character if it is the next one. */
  take(code: u8): bool {
    if (this.peek() != code) return false;
    this.place++;
    return true;
  }

  expect(code: u8): void {
    if (!this.take(code)) broken();
  }

  boolean(): bool {
    const value = this.peek() == 0x74;
    this.place += value ? 4 : 5;
    return value;
  }

  unsigned(): u64 {
    let value: u64 = 0;
    if (<u32>this.peek() - 0x30 > 9) broken();
    while (this.place < this.end) {
      const digit = <u32>load<u8>(this.place) - 0x30;
      if (digit > 9) break;
      value = value * 10 + digit;
      this.place++;
    }
    return value;
  }

  signed(): i64 {
    return this.take(0x2d) ? -(<i64>this.unsigned()) : <i64>this.unsigned();
  }

  /** How many characters there are up to the next quote, which is left behind. */
  private quoted(): i32 {
    this.expect(0x22);
    const start = this.place;
    while (this.peek() != 0x22) this.place++;
    const length = <i32>(this.place - start);
    this.place++;
    return length;
  }

  /** How many bytes the hex digits that come next stand for. */
  bytesLength(): i32 {
    const start = this.place;
    const length = this.quoted();
    this.place = start;
    if (length < 2 || length & 1) broken();
    return (length - 2) >> 1;
  }

  /** Reads hex digits after `0x` that stand for just so many bytes. */
  bytes(target: usize, length: i32): void {
    const digits = this.quoted();
    if (digits != 2 * length + 2) broken();
    readHex(target, this.place - 1 - 2 * length, length);
  }

  /** Reads significant hex digits after `0x` as 32 bytes, the highest first. */
  quantity(target: usize): void {
    const digits = this.quoted() - 2;
    if (<u32>digits > 64) broken();
    const room = memory.data(64, 8);
    const words = (digits + 7) >> 3;
    store<u64>(room, 0x3030303030303030);
    memory.copy(room + (words << 3) - digits, this.place - 1 - digits, digits);
    memory.fill(target, 0, 32);
    readHex(target + 32 - (words << 2), room, words << 2);
  }

  text(): string {
    this.expect(0x22);
    // The text is never longer than its escaped form.
    const bytes = heap.alloc(this.end - this.place);
    let length = 0;
    while (true) {
      let code: u32 = this.peek();
      this.place++;
      if (code == 0x22) break;
      if (code == 0x5c) code = this.escaped();
      store<u8>(bytes + length++, code);
    }
    return String.UTF8.decodeUnsafe(bytes, length);
  }

  private escaped(): u32 {
    const code = this.peek();
    this.place++;
    switch (code) {
      case 0x62:
        return 0x08; // b
      case 0x66:
        return 0x0c; // f
      case 0x6e:
        return 0x0a; // n
      case 0x72:
        return 0x0d; // r
      case 0x74:
        return 0x09; // t
      case 0x75: {
        // only control characters come as \u00xx
        this.place += 2;
        if (this.place + 2 > this.end) broken();
        const byte = memory.data(1);
        readHex(byte, this.place, 1);
        this.place += 2;
        return load<u8>(byte);
      }
      default:
        return code;
    }
  }
}
