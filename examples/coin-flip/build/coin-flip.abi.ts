/** A coin that nobody can foresee or steer. A player guesses first; the coin is then tossed inside the worker, and what came out stays with the round. */
export const coinFlipAbi = [
  {
    "type": "constructor",
    "inputs": [],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "flip",
    "inputs": [
      {
        "name": "round",
        "type": "bytes32"
      },
      {
        "name": "player",
        "type": "bytes32"
      },
      {
        "name": "heads",
        "type": "bool"
      }
    ],
    "outputs": [
      {
        "name": "",
        "type": "bool"
      }
    ],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "landedHeads",
    "inputs": [
      {
        "name": "round",
        "type": "bytes32"
      }
    ],
    "outputs": [
      {
        "name": "",
        "type": "bool"
      }
    ],
    "stateMutability": "view"
  },
  {
    "type": "function",
    "name": "winsOf",
    "inputs": [
      {
        "name": "player",
        "type": "bytes32"
      }
    ],
    "outputs": [
      {
        "name": "",
        "type": "uint32"
      }
    ],
    "stateMutability": "view"
  },
  {
    "type": "function",
    "name": "lossesOf",
    "inputs": [
      {
        "name": "player",
        "type": "bytes32"
      }
    ],
    "outputs": [
      {
        "name": "",
        "type": "uint32"
      }
    ],
    "stateMutability": "view"
  }
] as const;
