import { Bytes32, contract, randomBelow, require, state, StateMap, view } from '@enigma-worker/contract/assembly';

/**
 * A coin that nobody can foresee or steer. A player guesses first; the coin is then tossed inside the worker, and what came out
 * stays with the round.
 */
@contract
export class CoinFlip {
  @state rounds: StateMap<Bytes32, bool>;
  @state wins: StateMap<Bytes32, u32>;
  @state losses: StateMap<Bytes32, u32>;

  /**
   * Tosses the coin once.
   * @param round an id that was not used before: what came out stays with it
   * @param player a secret of the player's choice, under which wins and losses are counted
   * @param heads what the player bets on
   * @returns whether the player won
   */
  flip(round: Bytes32, player: Bytes32, heads: bool): bool {
    require(!this.rounds.has(round), 'this round was played');
    const landedHeads = randomBelow(2) == 0;
    this.rounds[round] = landedHeads;
    const isWin = landedHeads == heads;
    if (isWin) this.wins[player] = this.wins[player] + 1;
    else this.losses[player] = this.losses[player] + 1;
    return isWin;
  }

  /** How the coin of a round landed. */
  @view landedHeads(round: Bytes32): bool {
    require(this.rounds.has(round), 'this round was not played');
    return this.rounds[round];
  }

  @view winsOf(player: Bytes32): u32 {
    return this.wins[player];
  }

  @view lossesOf(player: Bytes32): u32 {
    return this.losses[player];
  }
}
