/** Bytes that are worth copying to save a system call. */
export const JOINED = 64 * 1024;

/** Neighbours put together up to {@link JOINED} bytes: a system call costs more than a copy. */
export function joined(parts: readonly Buffer[]): readonly Buffer[] {
  if (parts.length === 1) return parts;
  const groups: Buffer[][] = [];
  let size = Infinity;
  for (const part of parts) {
    size += part.length;
    const group = groups.at(-1);
    if (group !== undefined && size <= JOINED) {
      group.push(part);
    } else {
      groups.push([part]);
      size = part.length;
    }
  }
  return groups.map((group) => (group.length === 1 ? group[0]! : Buffer.concat(group)));
}
