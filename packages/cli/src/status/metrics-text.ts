/** One figure of the text format of Prometheus. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** The figures in a text of Prometheus' format; comments and what is not understood are left out. */
export function parseMetrics(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = Array.from(labels.matchAll(LABEL), ([, label, content]) => [label!, content!] as const);
    return [{ name, labels: Object.fromEntries(pairs), value: numberOf(value!) }];
  });
}

function numberOf(text: string): number {
  return text === '+Inf' ? Infinity : Number(text);
}
