import { Bytes32, contract, require, state, StateMap, u256, view } from '@enigma-worker/contract/assembly';

/** A piggy bank: everybody sees their own savings, nobody sees another's, and the goal stays a secret. */
@contract
export class {{class}} {
  @state goal: u256;
  @state total: u256;
  @state savings: StateMap<Bytes32, u256>;

  /** @param goal how much is to be saved in all */
  constructor(goal: u256) {
    this.goal = goal;
  }

  /**
   * Puts something in.
   * @param saver a secret of the saver's choice
   */
  save(saver: Bytes32, amount: u256): void {
    require(!amount.isZero, 'there is nothing to save');
    this.savings[saver] = this.savings[saver] + amount;
    this.total = this.total + amount;
  }

  /** What a saver has saved: only who knows the secret can ask. */
  @view savedBy(saver: Bytes32): u256 {
    return this.savings[saver];
  }

  /** Whether the goal is reached: all that everybody may know. */
  @view isReached(): bool {
    return this.total >= this.goal;
  }
}
