/** A sealed-bid auction in which the highest bidder wins and pays the second highest bid. Bids stay sealed for good: when the auction closes, only the winner and the price come out. */
export const auctionAbi = [
  {
    "type": "constructor",
    "inputs": [
      {
        "name": "seller",
        "type": "bytes32"
      },
      {
        "name": "reserve",
        "type": "uint256"
      }
    ],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "bid",
    "inputs": [
      {
        "name": "bidder",
        "type": "bytes32"
      },
      {
        "name": "amount",
        "type": "uint256"
      }
    ],
    "outputs": [],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "bidOf",
    "inputs": [
      {
        "name": "bidder",
        "type": "bytes32"
      }
    ],
    "outputs": [
      {
        "name": "",
        "type": "uint256"
      }
    ],
    "stateMutability": "view"
  },
  {
    "type": "function",
    "name": "close",
    "inputs": [
      {
        "name": "seller",
        "type": "bytes32"
      }
    ],
    "outputs": [],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "outcome",
    "inputs": [],
    "outputs": [
      {
        "name": "",
        "type": "tuple",
        "internalType": "struct Outcome",
        "components": [
          {
            "name": "winner",
            "type": "bytes32"
          },
          {
            "name": "price",
            "type": "uint256"
          }
        ]
      }
    ],
    "stateMutability": "view"
  }
] as const;
