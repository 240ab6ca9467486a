import { median, type Row } from '../row.js';

/** Rounds of each comparison. */
export const ROUNDS = Number(process.env['ENIGMA_BENCH_ROUNDS'] ?? 5);

/** What was measured of both in one round, one after the other. */
export interface Sides {
  readonly ours: number;
  readonly baseline: number;
}

/** Measures both sides again and again in turns, so that what else the machine does touches both. */
export async function inRounds(round: () => Promise<Sides>, count = ROUNDS): Promise<Sides[]> {
  const all: Sides[] = [];
  for (let number = 0; number < count; number++) all.push(await round());
  return all;
}

/** The figure of some rounds: the median of their ratios, not the ratio of their medians. */
export function rowOf(name: string, target: string, unit: string, rounds: readonly Sides[]): Row {
  return {
    name,
    ours: median(rounds.map(({ ours }) => ours)),
    baseline: median(rounds.map(({ baseline }) => baseline)),
    ratio: median(rounds.map(({ ours, baseline }) => ours / baseline)),
    target,
    unit,
  };
}
