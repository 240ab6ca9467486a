import pc from 'picocolors';

/** Texts for a terminal; plain where the output is not one. */
export const style = {
  title: (text: string): string => pc.bold(text),
  good: (text: string): string => pc.green(text),
  bad: (text: string): string => pc.red(text),
  note: (text: string): string => pc.dim(text),
  name: (text: string): string => pc.cyan(text),
} as const;

/** Name and value in two columns. */
export function fields(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${style.note(name.padEnd(width))}  ${value}`).join('\n');
}

/** The first and last characters of a long hex text. */
export function short(hex: string): string {
  return hex.length <= 20 ? hex : `${hex.slice(0, 10)}…${hex.slice(-6)}`;
}

/** JSON with integers of any size as decimal texts and bytes as hex. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, each: unknown) => {
      if (typeof each === 'bigint') return each.toString();
      if (each instanceof Uint8Array) return Buffer.from(each).toString('hex');
      return each;
    },
    2,
  );
}
