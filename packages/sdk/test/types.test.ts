import {
  deployContract,
  getContract,
  type ContractHandle,
  type EnigmaClient,
  type Written,
} from '@enigma-worker/sdk';
import type { Abi } from 'viem';
import { expectTypeOf, test } from 'vitest';

const abi = [
  { type: 'constructor', stateMutability: 'nonpayable', inputs: [{ name: 'owner', type: 'bytes32' }] },
  {
    type: 'function',
    name: 'bid',
    stateMutability: 'nonpayable',
    inputs: [
      { name: 'bidder', type: 'bytes32' },
      { name: 'amount', type: 'uint256' },
    ],
    outputs: [],
  },
  {
    type: 'function',
    name: 'winner',
    stateMutability: 'view',
    inputs: [],
    outputs: [{ name: '', type: 'bytes32' }],
  },
  {
    type: 'function',
    name: 'standing',
    stateMutability: 'view',
    inputs: [{ name: 'bidder', type: 'bytes32' }],
    outputs: [
      { name: 'amount', type: 'uint256' },
      { name: 'leads', type: 'bool' },
    ],
  },
] as const;

type Auction = ContractHandle<typeof abi>;

test('functions are divided by what they may do', () => {
  expectTypeOf<keyof Auction['read']>().toEqualTypeOf<'winner' | 'standing'>();
  expectTypeOf<keyof Auction['write']>().toEqualTypeOf<'bid'>();
  expectTypeOf<keyof Auction['estimateGas']>().toEqualTypeOf<'bid' | 'winner' | 'standing'>();
});

test('results have the types of the ABI', () => {
  expectTypeOf<ReturnType<Auction['read']['winner']>>().toEqualTypeOf<Promise<`0x${string}`>>();
  expectTypeOf<ReturnType<Auction['read']['standing']>>().toEqualTypeOf<
    Promise<readonly [bigint, boolean]>
  >();
  expectTypeOf<ReturnType<Auction['write']['bid']>>().toEqualTypeOf<Promise<Written<undefined>>>();
});

test('wrong names and types do not compile', () => {
  // Only compiled, never called: there is no worker here.
  const compiles = (client: EnigmaClient) => {
    const auction = getContract(client, { abi, address: '' });
    void auction.write.bid(['0x00', 1n]);
    void auction.write.bid({ bidder: '0x00', amount: 1n });
    void auction.read.winner();
    // @ts-expect-error no such function
    void auction.write.bidd;
    // @ts-expect-error winner does not change state
    void auction.write.winner;
    // @ts-expect-error a number is not a bigint
    void auction.write.bid(['0x00', 1]);
    // @ts-expect-error an argument is missing
    void auction.write.bid(['0x00']);
    // @ts-expect-error an argument has another name
    void auction.write.bid({ bidder: '0x00', sum: 1n });
    // @ts-expect-error the arguments are missing
    void auction.read.standing();
  };
  expectTypeOf(compiles).toBeFunction();
});

test('arguments are given by name only when every one has a name', () => {
  const nameless = [
    {
      type: 'function',
      name: 'swap',
      stateMutability: 'nonpayable',
      inputs: [{ type: 'uint256' }, { name: 'first', type: 'bool' }],
      outputs: [],
    },
    {
      type: 'function',
      name: 'shift',
      stateMutability: 'nonpayable',
      inputs: [{ name: '', type: 'uint256' }],
      outputs: [],
    },
  ] as const;
  const compiles = (client: EnigmaClient) => {
    const { write } = getContract(client, { abi: nameless, address: '' });
    void write.swap([1n, true]);
    void write.shift([1n]);
    // @ts-expect-error one of them has no name
    void write.swap({ first: true });
    // @ts-expect-error an argument is missing
    void write.swap([1n]);
    // @ts-expect-error a text is neither a list nor an object
    void write.swap('true');
    // @ts-expect-error the only one has an empty name
    void write.shift({});
    // @ts-expect-error a text is no uint256
    void write.shift(['1']);
  };
  expectTypeOf(compiles).toBeFunction();
});

test('of an ABI that is known only when it runs, every function can be called', () => {
  const compiles = async (client: EnigmaClient, some: Abi) => {
    const { read, write, estimateGas } = getContract(client, { abi: some, address: '' });
    expectTypeOf(await read['winner']!()).toBeUnknown();
    expectTypeOf(await write['bid']!({ bidder: '0x00', amount: 1n })).toEqualTypeOf<Written<unknown>>();
    void write['bid']!(['0x00', 1n], { gasLimit: 1n });
    void estimateGas['bid']!(['0x00', 1n]);
    // @ts-expect-error a number is neither a list nor an object
    void write['bid']!(5);
  };
  expectTypeOf(compiles).toBeFunction();
});

test('a deployment takes the arguments of the constructor', () => {
  const compiles = (client: EnigmaClient, some: Abi) => {
    const bytecode = new Uint8Array(0);
    const functions = abi.slice(1) as unknown as readonly [(typeof abi)[1], (typeof abi)[2]];
    void deployContract(client, { bytecode, abi, args: ['0x00'] });
    void deployContract(client, { bytecode, abi, args: { owner: '0x00' } });
    void deployContract(client, { bytecode, abi: functions });
    void deployContract(client, { bytecode, abi: some });
    void deployContract(client, { bytecode, abi: some, args: [1n] });
    // @ts-expect-error the argument is missing
    void deployContract(client, { bytecode, abi });
    // @ts-expect-error a bigint is no bytes32
    void deployContract(client, { bytecode, abi, args: [1n] });
    // @ts-expect-error the argument has another name
    void deployContract(client, { bytecode, abi, args: { seller: '0x00' } });
    // @ts-expect-error there is no constructor to take it
    void deployContract(client, { bytecode, abi: functions, args: [1n] });
  };
  expectTypeOf(compiles).toBeFunction();
});
