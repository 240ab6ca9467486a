import { Bytes32, contract, require, state, StateList, StateMap, struct, u256, view } from '@enigma-worker/contract/assembly';

/** What everybody may know once the auction is closed. */
@struct
export class Outcome {
  winner: Bytes32;
  price: u256;
}

/**
 * A sealed-bid auction in which the highest bidder wins and pays the second highest bid. Bids stay sealed for good: when the
 * auction closes, only the winner and the price come out.
 */
@contract
export class Auction {
  @state seller: Bytes32;
  @state reserve: u256;
  @state isClosed: bool;
  @state bidders: StateList<Bytes32>;
  @state bids: StateMap<Bytes32, u256>;

  /**
   * @param seller a secret of the seller's choice: who knows it closes the auction
   * @param reserve the lowest price at which the seller sells
   */
  constructor(seller: Bytes32, reserve: u256) {
    this.seller = seller;
    this.reserve = reserve;
  }

  /**
   * Places a bid, or raises it.
   * @param bidder a secret of the bidder's choice, by which the winner is named
   */
  bid(bidder: Bytes32, amount: u256): void {
    require(!this.isClosed, 'the auction is closed');
    require(amount >= this.reserve, 'the bid is below the reserve');
    const before = this.bids[bidder];
    require(amount > before, 'a bid can only be raised');
    if (before.isZero) this.bidders.push(bidder);
    this.bids[bidder] = amount;
  }

  /** What a bidder has bid: only who knows the bidder's secret can ask. */
  @view bidOf(bidder: Bytes32): u256 {
    return this.bids[bidder];
  }

  /** Ends the bidding. */
  close(seller: Bytes32): void {
    require(seller == this.seller, 'only the seller closes the auction');
    require(!this.isClosed, 'the auction is closed');
    this.isClosed = true;
  }

  /** The winner, and the second highest bid, or the reserve when there was one bid only. */
  @view outcome(): Outcome {
    require(this.isClosed, 'the auction is still open');
    const outcome = new Outcome();
    outcome.price = this.reserve;
    let highest = u256.Zero;
    const bidders = this.bidders.toArray();
    for (let i = 0; i < bidders.length; i++) {
      const amount = this.bids[bidders[i]];
      if (amount > highest) {
        if (i > 0) outcome.price = highest;
        highest = amount;
        outcome.winner = bidders[i];
      } else if (amount > outcome.price) {
        outcome.price = amount;
      }
    }
    return outcome;
  }
}
