import {
  Address,
  Bytes32,
  contract,
  ethereum,
  EthereumContract,
  recoverAddress,
  keccak256,
  require,
  state,
  StateList,
  StateMap,
  struct,
  u256,
  view,
} from '@enigma-worker/contract/assembly';

/** The contract on Ethereum that keeps the polls, and learns from here only what it may. */
@ethereum
export class VotingETH extends EthereumContract {
  validateCastVote(pollId: u256): void {}
  validateTallyPoll(pollId: u256, result: u256): void {}
}

/** What a voter signs. */
@struct
export class Ballot {
  /** The id of the voting, so that a ballot for one deployment is none for another. */
  voting: Bytes32;
  pollId: u256;
  inFavour: bool;
}

/**
 * Polls with secret ballots. Each vote is reported to Ethereum as cast, without saying how; the tally reports the percentage in
 * favour. Voters sign their ballots, so that nobody votes for another one or twice.
 */
@contract
export class Voting {
  @state voting: Bytes32;
  @state ethereum: Address;
  @state votes: StateMap<u256, StateList<bool>>;
  @state hasVoted: StateMap<u256, StateMap<Address, bool>>;

  /**
   * @param voting an id of its own for the voting: it goes into everything that is signed
   * @param ethereum the contract on Ethereum that keeps the polls
   */
  constructor(voting: Bytes32, ethereum: Address) {
    this.voting = voting;
    this.ethereum = ethereum;
  }

  /**
   * Casts a vote, once for each account and poll.
   * @param signature the voter's, over the hash of the ABI-encoded id of the voting, poll and vote
   */
  castVote(pollId: u256, inFavour: bool, signature: Uint8Array): void {
    const ballot = new Ballot();
    ballot.voting = this.voting;
    ballot.pollId = pollId;
    ballot.inFavour = inFavour;
    const voter = recoverAddress(keccak256(ballot.toAbi()), signature);
    require(!this.hasVoted[pollId][voter], 'this account has voted');
    this.hasVoted[pollId][voter] = true;
    this.votes[pollId].push(inFavour);
    new VotingETH(this.ethereum).validateCastVote(pollId);
  }

  /** Counts a poll and reports the percentage in favour, rounded down, to Ethereum. */
  tallyPoll(pollId: u256): void {
    const votes = this.votes[pollId].toArray();
    let inFavour: u64 = 0;
    for (let i = 0; i < votes.length; i++) {
      if (votes[i]) inFavour++;
    }
    const percentage = votes.length ? (inFavour * 100) / votes.length : 0;
    new VotingETH(this.ethereum).validateTallyPoll(pollId, u256.from(percentage));
  }
}
