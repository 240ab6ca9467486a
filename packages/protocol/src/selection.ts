import { concat, keccak256 } from '@enigma-worker/crypto';
import { ProtocolError } from './errors.js';
import { integerOf, word } from './word.js';

/** A worker and its weight in an epoch. */
export interface StakedWorker {
  /** 20 bytes. */
  readonly address: Uint8Array;
  readonly stake: bigint;
}

/** The parameters of an epoch that choose workers. */
export interface SelectionParameters {
  /** The epoch's random number, below 2^256. */
  readonly seed: bigint;
  /** In the order of the chain, which matters. */
  readonly workers: readonly StakedWorker[];
}

/**
 * Draws without a new worker after which selection gives up. With sane stakes the chance to get here is nil;
 * stakes that make a worker unreachable (the last of 1, 1, 1) would otherwise draw for ever.
 */
const MOST_DRAWS = 100_000;

/**
 * The workers that serve a contract in an epoch, in order of choice; none when the epoch has no workers.
 * Every party must come to the same answer, so the bias of the original is kept: a draw of 0 goes to the first
 * worker too. A group larger than the epoch has workers is cut to their number.
 * Source: docs/protocol.md, "Selection".
 * @param contract address of the contract, 32 bytes
 * @throws ProtocolError `SELECTION_IMPOSSIBLE` when all stakes are zero, or a worker is never drawn
 */
export function selectWorkers(
  parameters: SelectionParameters,
  contract: Uint8Array,
  groupSize = 1,
): Uint8Array[] {
  const { seed, workers } = parameters;
  const size = Math.min(groupSize, workers.length);
  if (size <= 0) return [];
  const total = workers.reduce((sum, { stake }) => sum + stake, 0n);
  if (total <= 0n) throw impossible('the stakes add up to nothing');
  const chosen = new Set<StakedWorker>();
  for (let nonce = 0; nonce < MOST_DRAWS; nonce++) {
    chosen.add(workers[draw(parameters, total, hash(seed, contract, nonce))]!);
    if (chosen.size === size) return Array.from(chosen, ({ address }) => address);
  }
  throw impossible(`${MOST_DRAWS} draws chose ${chosen.size} of ${size} workers`);
}

/** The hash of one draw: an integer below 2^256. */
function hash(seed: bigint, contract: Uint8Array, nonce: number): bigint {
  return integerOf(keccak256(concat(word(seed), contract, word(nonce))));
}

function draw({ workers }: SelectionParameters, total: bigint, random: bigint): number {
  let left = random % total;
  for (let i = 0; i < workers.length; i++) {
    left -= workers[i]!.stake;
    if (left <= 0n) return i;
  }
  return workers.length - 1;
}

function impossible(reason: string): ProtocolError {
  return new ProtocolError('SELECTION_IMPOSSIBLE', `selection: ${reason}`);
}
