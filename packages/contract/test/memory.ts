/** So many pages the worker gives every contract, whatever its module declares. */
const PAGES = 120;
const IMPORTS = 2;
const MEMORY = 5;

/** `env.memory`: a memory of at least so many pages. */
const ENTRY = [3, ...Buffer.from('env'), 6, ...Buffer.from('memory'), 2, 0, ...leb128(PAGES)];

/**
 * A module that takes its memory from outside, as the worker's engine makes of every contract. With a memory of its own for
 * each call a test mostly waits for V8, which counts their bytes and collects garbage every few calls.
 */
export function takeMemory(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = wasm.subarray(0, 8);
  return Buffer.concat([
    header,
    ...sections(wasm).flatMap(({ id, content }) => {
      if (id === MEMORY) return [];
      if (id !== IMPORTS) return [section(id, content)];
      const { value: count, end } = readLeb128(content, 0);
      return [section(id, [...leb128(count + 1), ...content.subarray(end), ...ENTRY])];
    }),
  ]);
}

/** The memory for it. */
export function newMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
}

function sections(wasm: Uint8Array): { readonly id: number; readonly content: Uint8Array }[] {
  const found = [];
  for (let at = 8; at < wasm.length;) {
    const { value: length, end } = readLeb128(wasm, at + 1);
    found.push({ id: wasm[at]!, content: wasm.subarray(end, end + length) });
    at = end + length;
  }
  return found;
}

function section(id: number, content: ArrayLike<number>): Uint8Array {
  return Uint8Array.from([id, ...leb128(content.length), ...Array.from(content)]);
}

function readLeb128(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  const byte = bytes[at]!;
  if (byte < 0x80) return { value: byte, end: at + 1 };
  const { value, end } = readLeb128(bytes, at + 1);
  return { value: (byte & 0x7f) + 128 * value, end };
}

function leb128(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb128(value >>> 7)];
}
