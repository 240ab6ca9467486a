import * as host from './host';

const COUNT: usize = memory.data<u8>([0x63, 0x6f, 0x75, 0x6e, 0x74]); // "count"

function readCount(): i32 {
  const length = host.readStateLength(COUNT, 5);
  const text = heap.alloc(length);
  host.readState(COUNT, 5, text);
  let count = 0;
  for (let i = 0; i < length; i++) count = count * 10 + (load<u8>(text + i) - 0x30);
  return count;
}

function writeNumber(key: usize, keyLength: i32, value: i32): void {
  const text = String.UTF8.encode(value.toString());
  host.writeState(key, keyLength, changetype<usize>(text), text.byteLength);
}

/** The fortune at a place in the list: its text is the 64 bytes of name and worth in hex, in quotes. */
function readFortune(index: i32, fortune: usize): void {
  const key = String.UTF8.encode(index.toString());
  const text = heap.alloc(130);
  host.readState(changetype<usize>(key), key.byteLength, text);
  for (let i = 0; i < 64; i++) {
    store<u8>(fortune + i, (digitValue(load<u8>(text + 1 + 2 * i)) << 4) | digitValue(load<u8>(text + 2 + 2 * i)));
  }
}

function writeFortune(index: i32, fortune: usize): void {
  const key = String.UTF8.encode(index.toString());
  const text = heap.alloc(130);
  store<u8>(text, 0x22);
  store<u8>(text + 129, 0x22);
  for (let i = 0; i < 64; i++) {
    const byte = load<u8>(fortune + i);
    store<u8>(text + 1 + 2 * i, digit(byte >> 4));
    store<u8>(text + 2 + 2 * i, digit(byte & 15));
  }
  host.writeState(changetype<usize>(key), key.byteLength, text, 130);
}

function digit(value: u8): u8 {
  return value + (value < 10 ? 0x30 : 0x57);
}

function digitValue(character: u8): u8 {
  return character - (character < 0x61 ? 0x30 : 0x57);
}

function addMillionaire(): void {
  if (host.argsLength() !== 64) unreachable();
  const fortune = heap.alloc(64);
  host.fetchArgs(fortune);
  const count = readCount();
  writeFortune(count, fortune);
  writeNumber(COUNT, 5, count + 1);
}

function computeRichest(): void {
  const richest = heap.alloc(64);
  const candidate = heap.alloc(64);
  memory.fill(richest, 0, 64);
  for (let i = 0, count = readCount(); i < count; i++) {
    readFortune(i, candidate);
    if (memory.compare(candidate + 32, richest + 32, 32) > 0) memory.copy(richest, candidate, 64);
  }
  host.ret(richest, 32);
}

export function deploy(): void {
  writeNumber(COUNT, 5, 0);
}

export function call(): void {
  const name = heap.alloc(host.functionNameLength());
  host.functionName(name);
  const text = String.UTF8.decodeUnsafe(name, host.functionNameLength());
  if (text == 'addMillionaire') addMillionaire();
  else if (text == 'computeRichest') computeRichest();
  else unreachable();
}
