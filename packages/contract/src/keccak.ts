const ROUND_CONSTANTS = roundConstants();
const MASK = (1n << 64n) - 1n;
const RATE = 136;

/**
 * Keccak-256 as Ethereum uses it. Only names of functions are hashed here, while compiling, so it is written to be short.
 *
 * Source: the Keccak reference, https://keccak.team/files/Keccak-reference-3.0.pdf.
 */
export function keccak256(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array((Math.floor(message.length / RATE) + 1) * RATE);
  padded.set(message);
  padded[message.length] = 0x01;
  padded[padded.length - 1] = (padded[padded.length - 1] ?? 0) | 0x80;
  const view = new DataView(padded.buffer);
  let lanes = new BigUint64Array(25);
  for (let block = 0; block < padded.length; block += RATE) {
    for (let i = 0; i < RATE / 8; i++) lanes[i] = lane(lanes, i) ^ view.getBigUint64(block + 8 * i, true);
    for (const constant of ROUND_CONSTANTS) lanes = round(lanes, constant);
  }
  return new Uint8Array(lanes.buffer.slice(0, 32));
}

function lane(lanes: BigUint64Array, index: number): bigint {
  return lanes[index] ?? 0n;
}

function rotate(value: bigint, bits: number): bigint {
  return ((value << BigInt(bits)) | (value >> BigInt(64 - bits))) & MASK;
}

function round(a: BigUint64Array, constant: bigint): BigUint64Array<ArrayBuffer> {
  const parity = [0, 1, 2, 3, 4].map(
    (x) => lane(a, x) ^ lane(a, x + 5) ^ lane(a, x + 10) ^ lane(a, x + 15) ^ lane(a, x + 20),
  );
  const b = new BigUint64Array(25);
  let [x, y, offset] = [1, 0, 0];
  const mixed = (i: number): bigint =>
    lane(a, i) ^ (parity[(i + 4) % 5] ?? 0n) ^ rotate(parity[(i + 1) % 5] ?? 0n, 1);
  b[0] = mixed(0);
  for (let t = 0; t < 24; t++) {
    offset = (offset + t + 1) % 64;
    b[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(mixed(x + 5 * y), offset);
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  const result = new BigUint64Array(25);
  for (let i = 0; i < 25; i++) {
    const row = i - (i % 5);
    result[i] = lane(b, i) ^ (~lane(b, row + ((i + 1) % 5)) & MASK & lane(b, row + ((i + 2) % 5)));
  }
  result[0] = lane(result, 0) ^ constant;
  return result;
}

function roundConstants(): bigint[] {
  const constants: bigint[] = [];
  let register = 1;
  for (let i = 0; i < 24; i++) {
    let constant = 0n;
    for (let bit = 0; bit < 7; bit++) {
      if (register & 1) constant |= 1n << ((1n << BigInt(bit)) - 1n);
      register = register & 0x80 ? ((register << 1) ^ 0x171) & 0xff : register << 1;
    }
    constants.push(constant);
  }
  return constants;
}
