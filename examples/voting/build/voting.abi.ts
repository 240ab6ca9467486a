/** Polls with secret ballots. Each vote is reported to Ethereum as cast, without saying how; the tally reports the percentage in favour. Voters sign their ballots, so that nobody votes for another one or twice. */
export const votingAbi = [
  {
    "type": "constructor",
    "inputs": [
      {
        "name": "voting",
        "type": "bytes32"
      },
      {
        "name": "ethereum",
        "type": "address"
      }
    ],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "castVote",
    "inputs": [
      {
        "name": "pollId",
        "type": "uint256"
      },
      {
        "name": "inFavour",
        "type": "bool"
      },
      {
        "name": "signature",
        "type": "bytes"
      }
    ],
    "outputs": [],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "tallyPoll",
    "inputs": [
      {
        "name": "pollId",
        "type": "uint256"
      }
    ],
    "outputs": [],
    "stateMutability": "nonpayable"
  }
] as const;
