/** A figure of the benchmark: ours against a baseline measured in the same run, side by side. */
export interface Row {
  readonly name: string;
  readonly ours: number;
  readonly baseline: number;
  /** ours ÷ baseline: the median over the rounds of each round's own ratio. */
  readonly ratio: number;
  /** What the ratio has to reach, for example `>= 0.9` or `< 3`; empty for what is only told beside others. */
  readonly target: string;
  /** Unit of `ours` and `baseline`: `1/s`, `ms`, `MB/s`, `MB`. */
  readonly unit: string;
}

/** A group of figures that are measured together. */
export type Suite = () => Promise<readonly Row[]>;

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: no values');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const COMPARE: Readonly<Record<string, (ratio: number, bound: number) => boolean>> = {
  '>=': (ratio, bound) => ratio >= bound,
  '<=': (ratio, bound) => ratio <= bound,
  '>': (ratio, bound) => ratio > bound,
  '<': (ratio, bound) => ratio < bound,
};

/** Whether a ratio meets a target such as `>= 0.9` or `< 3`; `undefined` when it has none. */
export function meets(ratio: number, target: string): boolean | undefined {
  if (target === '') return undefined;
  const [, comparison, bound] = /^(>=|<=|>|<)\s*([0-9.]+)/.exec(target) ?? [];
  if (comparison === undefined) throw new RangeError(`not a target: ${target}`);
  return COMPARE[comparison]!(ratio, Number(bound));
}

/** What is said of a row: `met`, `missed`, or nothing when it has no target. */
export function verdict({ ratio, target }: Row): string {
  const isMet = meets(ratio, target);
  return isMet === undefined ? '' : isMet ? 'met' : 'missed';
}
