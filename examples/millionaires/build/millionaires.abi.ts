/** Who has the largest fortune, without anybody learning how large any fortune is. */
export const millionairesAbi = [
  {
    "type": "constructor",
    "inputs": [],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "addMillionaire",
    "inputs": [
      {
        "name": "name",
        "type": "bytes32"
      },
      {
        "name": "worth",
        "type": "uint256"
      }
    ],
    "outputs": [],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "computeRichest",
    "inputs": [],
    "outputs": [
      {
        "name": "",
        "type": "bytes32"
      }
    ],
    "stateMutability": "view"
  }
] as const;
