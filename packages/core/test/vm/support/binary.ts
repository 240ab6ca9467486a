/** Unsigned LEB128. */
export function u32(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...u32(content.length), ...content];
}

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module whose `call` has these locals and this code, too strange for the text format; `end` is added. */
export function moduleOf(code: readonly number[], locals: readonly number[] = [0]): Uint8Array {
  const body = [...locals, ...code, 0x0b];
  return Uint8Array.from([
    ...header,
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [1, 4, 0x63, 0x61, 0x6c, 0x6c, 0, 0]),
    ...section(10, [1, ...u32(body.length), ...body]),
  ]);
}
