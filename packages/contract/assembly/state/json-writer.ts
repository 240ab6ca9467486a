import { writeHex } from '../hex';

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

  /** A 256-bit number as its significant hex digits after `0x`, in quotes. */
  quantity(limb3: u64, limb2: u64, limb1: u64, limb0: u64): void {
    const place = this.reserve(3);
    store<u8>(place, 0x22);
    store<u16>(place, 0x7830, 1);
    let started = this.digits(limb3, false);
    started = this.digits(limb2, started);
    started = this.digits(limb1, started);
    if (!this.digits(limb0, started)) this.character(0x30);
    this.character(0x22);
  }

  private digits(limb: u64, started: bool): bool {
    let shift: i32 = started ? 60 : 60 - <i32>(clz(limb) & 0x7c);
    for (; shift >= 0; shift -= 4) {
      const digit = (<u32>(limb >> shift)) & 15;
      this.character(<u8>(digit + (digit < 10 ? 0x30 : 0x57)));
      started = true;
    }
    return started;
  }

  text(value: string): void {
    const bytes = String.UTF8.encode(value);
    this.character(0x22);
    for (let i = 0, length = bytes.byteLength; i < length; i++) {
      const code = load<u8>(changetype<usize>(bytes) + i);
      if (code < 0x20) {
        const place = this.reserve(6);
        store<u32>(place, 0x3030755c); // "\u00"
        store<u8>(place, 0x30 + (code >> 4), 4);
        store<u8>(place, (code & 15) + ((code & 15) < 10 ? 0x30 : 0x57), 5);
        continue;
      }
      if (code == 0x22 || code == 0x5c) this.character(0x5c);
      this.character(code);
    }
    this.character(0x22);
  }
}
