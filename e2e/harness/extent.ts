const env = (name: string): number | undefined => {
  const text = process.env[name];
  return text === undefined || text === '' ? undefined : Number(text);
};

/** Whether this is the long form of a test, which `scripts/long-test.mjs` starts. */
export const IS_LONG = env('ENIGMA_TEST_SECONDS') !== undefined || env('ENIGMA_TEST_COUNT') !== undefined;

/** How far a long-running test goes: for so many seconds, or until so much is done. */
export interface Extent {
  /** For the title of the test. */
  readonly title: string;
  /** How much is done, from 0 to 1 and beyond. */
  progress(done: number): number;
}

/** The extent that was asked for, or `seconds` in the short form. The clock starts now. */
export function extent(seconds: number, unit: string): Extent {
  const count = env('ENIGMA_TEST_COUNT');
  if (count !== undefined) return { title: `${count} ${unit}`, progress: (done) => done / count };
  const ms = (env('ENIGMA_TEST_SECONDS') ?? seconds) * 1000;
  let began: number | undefined;
  return {
    title: `${ms / 1000} s`,
    progress: () => (performance.now() - (began ??= performance.now())) / ms,
  };
}

/** How many peers are to come and vanish. */
export function crowd(short: number, long: number): number {
  return env('ENIGMA_TEST_PEERS') ?? (IS_LONG ? long : short);
}

/** One line for people, at the end of a long form. */
export function summary(text: string): void {
  if (IS_LONG) console.log(text);
}

/** `1234567` → `1,234,567`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}
