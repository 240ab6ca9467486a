/** Private set intersection: two parties find out what their sets have in common, and nothing about the rest. Each gives its set once; the common items come out when both are in. */
export const intersectionAbi = [
  {
    "type": "constructor",
    "inputs": [
      {
        "name": "first",
        "type": "bytes32"
      },
      {
        "name": "second",
        "type": "bytes32"
      }
    ],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "submit",
    "inputs": [
      {
        "name": "party",
        "type": "bytes32"
      },
      {
        "name": "items",
        "type": "bytes32[]"
      }
    ],
    "outputs": [],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "intersection",
    "inputs": [
      {
        "name": "party",
        "type": "bytes32"
      }
    ],
    "outputs": [
      {
        "name": "",
        "type": "bytes32[]"
      }
    ],
    "stateMutability": "view"
  }
] as const;
