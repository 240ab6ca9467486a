/** Mailboxes. Anybody posts a letter to an account; only that account takes it out, by a signature. Not even how many letters an account has can be seen. The letters are sealed once more with a key that only the contract knows, as a contract does that hands its data to a public place; here it shows how. */
export const mailboxAbi = [
  {
    "type": "constructor",
    "inputs": [
      {
        "name": "box",
        "type": "bytes32"
      }
    ],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "post",
    "inputs": [
      {
        "name": "sender",
        "type": "address"
      },
      {
        "name": "reader",
        "type": "address"
      },
      {
        "name": "text",
        "type": "string"
      }
    ],
    "outputs": [],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "take",
    "inputs": [
      {
        "name": "reader",
        "type": "address"
      },
      {
        "name": "signature",
        "type": "bytes"
      }
    ],
    "outputs": [
      {
        "name": "",
        "type": "tuple",
        "internalType": "struct Letter",
        "components": [
          {
            "name": "sender",
            "type": "address"
          },
          {
            "name": "text",
            "type": "string"
          }
        ]
      }
    ],
    "stateMutability": "nonpayable"
  }
] as const;
