import { deserializationError } from './contract-error.js';
import type { ContractError } from './contract-error.js';

/** Takes a reason for refusal; returns if decoding is to go on all the same. */
export type Refuse = (error: ContractError) => void;

/** Refuses at the first reason. */
export const refuseAtOnce: Refuse = (error) => {
  throw error;
};

/** Refuses more of something than there may be. */
export function checkLimit(name: string, value: number, limit: number, refuse: Refuse): void {
  if (value > limit) refuse(deserializationError('LIMIT', `${value} ${name}, at most ${limit} are allowed`));
}
