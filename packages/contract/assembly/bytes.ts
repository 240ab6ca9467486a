import { fromHex, toHex } from './hex';
import { revert } from './revert';

/** A fixed number of bytes: the base of `Address` and `Bytes1` to `Bytes32`. */
export abstract class FixedBytes {
  /** Where the bytes are. */
  readonly data: ArrayBuffer;

  constructor(length: i32) {
    this.data = new ArrayBuffer(length);
  }

  get length(): i32 {
    return this.data.byteLength;
  }

  get pointer(): usize {
    return changetype<usize>(this.data);
  }

  get isZero(): bool {
    for (let i = 0, length = this.length; i < length; i++) {
      if (load<u8>(this.pointer + i)) return false;
    }
    return true;
  }

  @operator('[]')
  at(index: i32): u8 {
    if (<u32>index >= <u32>this.length) revert('index out of range');
    return load<u8>(this.pointer + index);
  }

  @operator('==')
  static eq(a: FixedBytes, b: FixedBytes): bool {
    return a.length == b.length && memory.compare(a.pointer, b.pointer, a.length) == 0;
  }

  @operator('!=')
  static ne(a: FixedBytes, b: FixedBytes): bool {
    return !FixedBytes.eq(a, b);
  }

  /** By value of the bytes, the first counting most. */
  @operator('<')
  static lt(a: FixedBytes, b: FixedBytes): bool {
    return memory.compare(a.pointer, b.pointer, min(a.length, b.length)) < 0;
  }

  @operator('>')
  static gt(a: FixedBytes, b: FixedBytes): bool {
    return FixedBytes.lt(b, a);
  }

  /** What a `Map` or `Set` finds the bytes by: FNV-1a. */
  get __hash(): u32 {
    let hash: u32 = 0x811c9dc5;
    for (let i = 0, length = this.length; i < length; i++) hash = (hash ^ load<u8>(this.pointer + i)) * 0x01000193;
    return hash;
  }

  /** A copy as `bytes`. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.length);
    memory.copy(bytes.dataStart, this.pointer, this.length);
    return bytes;
  }

  /** Hex digits after `0x`. */
  toString(): string {
    return toHex(this.pointer, this.length);
  }
}

/** Some fixed bytes with the value found at a place in memory. */
export function fixedBytesAt<T extends FixedBytes>(pointer: usize): T {
  const value = instantiate<T>();
  memory.copy(value.pointer, pointer, value.length);
  return value;
}

/** Some fixed bytes from a hex text of just that length, with or without `0x`. */
export function fixedBytesFromHex<T extends FixedBytes>(text: string): T {
  const bytes = fromHex(text);
  const value = instantiate<T>();
  if (bytes.byteLength != value.length) revert('hex text of the wrong length');
  memory.copy(value.pointer, changetype<usize>(bytes), value.length);
  return value;
}

/** The address of an Ethereum account or contract. */
export class Address extends FixedBytes {
  constructor() {
    super(20);
  }

  static fromHex(text: string): Address {
    return fixedBytesFromHex<Address>(text);
  }
}

/** A hash, a key, an id: 32 bytes. */
export class Bytes32 extends FixedBytes {
  constructor() {
    super(32);
  }

  static fromHex(text: string): Bytes32 {
    return fixedBytesFromHex<Bytes32>(text);
  }
}

export class Bytes1 extends FixedBytes {
  constructor() {
    super(1);
  }
}

export class Bytes2 extends FixedBytes {
  constructor() {
    super(2);
  }
}

export class Bytes3 extends FixedBytes {
  constructor() {
    super(3);
  }
}

export class Bytes4 extends FixedBytes {
  constructor() {
    super(4);
  }
}

export class Bytes5 extends FixedBytes {
  constructor() {
    super(5);
  }
}

export class Bytes6 extends FixedBytes {
  constructor() {
    super(6);
  }
}

export class Bytes7 extends FixedBytes {
  constructor() {
    super(7);
  }
}

export class Bytes8 extends FixedBytes {
  constructor() {
    super(8);
  }
}

export class Bytes9 extends FixedBytes {
  constructor() {
    super(9);
  }
}

export class Bytes10 extends FixedBytes {
  constructor() {
    super(10);
  }
}

export class Bytes11 extends FixedBytes {
  constructor() {
    super(11);
  }
}

export class Bytes12 extends FixedBytes {
  constructor() {
    super(12);
  }
}

export class Bytes13 extends FixedBytes {
  constructor() {
    super(13);
  }
}

export class Bytes14 extends FixedBytes {
  constructor() {
    super(14);
  }
}

export class Bytes15 extends FixedBytes {
  constructor() {
    super(15);
  }
}

export class Bytes16 extends FixedBytes {
  constructor() {
    super(16);
  }
}

export class Bytes17 extends FixedBytes {
  constructor() {
    super(17);
  }
}

export class Bytes18 extends FixedBytes {
  constructor() {
    super(18);
  }
}

export class Bytes19 extends FixedBytes {
  constructor() {
    super(19);
  }
}

export class Bytes20 extends FixedBytes {
  constructor() {
    super(20);
  }
}

export class Bytes21 extends FixedBytes {
  constructor() {
    super(21);
  }
}

export class Bytes22 extends FixedBytes {
  constructor() {
    super(22);
  }
}

export class Bytes23 extends FixedBytes {
  constructor() {
    super(23);
  }
}

export class Bytes24 extends FixedBytes {
  constructor() {
    super(24);
  }
}

export class Bytes25 extends FixedBytes {
  constructor() {
    super(25);
  }
}

export class Bytes26 extends FixedBytes {
  constructor() {
    super(26);
  }
}

export class Bytes27 extends FixedBytes {
  constructor() {
    super(27);
  }
}

export class Bytes28 extends FixedBytes {
  constructor() {
    super(28);
  }
}

export class Bytes29 extends FixedBytes {
  constructor() {
    super(29);
  }
}

export class Bytes30 extends FixedBytes {
  constructor() {
    super(30);
  }
}

export class Bytes31 extends FixedBytes {
  constructor() {
    super(31);
  }
}
