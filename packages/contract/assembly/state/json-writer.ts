import { writeHex } from '../hex';

/** What stands behind a backslash for a character, as the worker prints it; 0 when it has no such form. */
function escapeOf(code: u8): u8 {
  if (code == 0x22 || code == 0x5c) return code;
  // b, t, n, none, f and r, for 8 to 13.
  return <u32>code - 8 < 6 ? load<u8>(memory.data<u8>([0x62, 0x74, 0x6e, 0, 0x66, 0x72]) + code - 8) : 0;
}

/** Writes compact JSON text into a buffer that grows. */
export class JsonWriter {
  private buffer: usize = heap.alloc(64);
  private room: i32 = 64;
  private used: i32 = 0;

  get pointer(): usize {
    return this.buffer;
  }

  get length(): i32 {
    return this.used;
  }

  private reserve(more: i32): usize {
    const needed = this.used + more;
    if (needed > this.room) {
      this.room = max(needed, this.room << 1);
      this.buffer = heap.realloc(this.buffer, this.room);
    }
    const place = this.buffer + this.used;
    this.used = needed;
    return place;
  }

  character(code: u8): void {
    store<u8>(this.reserve(1), code);
  }

  boolean(value: bool): void {
    // "true" and "fals", read as little-endian numbers.
    store<u32>(this.reserve(4), value ? 0x65757274 : 0x736c6166);
    if (!value) this.character(0x65);
  }

  unsigned(value: u64): void {
    let digits = 1;
    for (let rest = value; rest > 9; rest /= 10) digits++;
    let place = this.reserve(digits) + digits;
    do {
      store<u8>(--place, 0x30 + <u8>(value % 10));
      value /= 10;
    } while (value);
  }

  signed(value: i64): void {
    if (value < 0) {
      this.character(0x2d);
      this.unsigned(-(<u64>value));
    } else {
      this.unsigned(value);
    }
  }

  /** Bytes as hex digits after `0x`, in quotes. */
  bytes(bytes: usize, length: i32): void {
    const place = this.reserve(2 * length + 4);
    store<u8>(place, 0x22);
    store<u16>(place, 0x7830, 1);
    writeHex(place + 3, bytes, length);
    store<u8>(place + 2 * length, 0x22, 3);
  }

  /**
   * A 256-bit number as its significant hex digits after `0x`, in quotes.
   *
   * @param bytes 32, the highest first
   * @param digits how many digits are significant, 1 to 64
   */
  quantity(bytes: usize, digits: i32): void {
    const place = this.reserve(digits + 4);
    store<u8>(place, 0x22);
    store<u16>(place, 0x7830, 1);
    // Whole words of eight digits are written, and those that count are taken.
    const room = memory.data(64, 8);
    const words = (digits + 7) >> 3;
    writeHex(room, bytes + 32 - (words << 2), words << 2);
    memory.copy(place + 3, room + (words << 3) - digits, digits);
    store<u8>(place + digits, 0x22, 3);
  }

  text(value: string): void {
    const bytes = String.UTF8.encode(value);
    this.character(0x22);
    for (let i = 0, length = bytes.byteLength; i < length; i++) {
      const code = load<u8>(changetype<usize>(bytes) + i);
      const letter = escapeOf(code);
      if (letter) {
        this.character(0x5c);
        this.character(letter);
        continue;
      }
      if (code < 0x20) {
        const place = this.reserve(6);
        store<u32>(place, 0x3030755c); // "\u00"
        store<u8>(place, 0x30 + (code >> 4), 4);
        store<u8>(place, (code & 15) + ((code & 15) < 10 ? 0x30 : 0x57), 5);
        continue;
      }
      this.character(code);
    }
    this.character(0x22);
  }
}
