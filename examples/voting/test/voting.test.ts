import {
  encodeAbiParameters,
  encodeFunctionData,
  getAddress,
  type Hex,
  keccak256,
  parseAbi,
  stringToHex,
} from 'viem';
import { generatePrivateKey, privateKeyToAddress, sign } from 'viem/accounts';
import { expect, it } from 'vitest';
import { deploy } from '../../testing/contract.js';
import { votingAbi } from '../build/voting.abi.js';

const wasm = new URL('../build/voting.wasm', import.meta.url);
const ethereum = getAddress('0x00000000000000000000000000000000000000e7');
const id = keccak256(stringToHex('a voting'));
const callbacks = parseAbi([
  'function validateCastVote(uint256)',
  'function validateTallyPoll(uint256,uint256)',
]);

async function ballot(
  privateKey: Hex,
  pollId: bigint,
  inFavour: boolean,
): Promise<readonly [bigint, boolean, Hex]> {
  const encoded = encodeAbiParameters(
    [{ type: 'bytes32' }, { type: 'uint256' }, { type: 'bool' }],
    [id, pollId, inFavour],
  );
  return [pollId, inFavour, await sign({ hash: keccak256(encoded), privateKey, to: 'hex' })];
}

it('reports each vote and the tally to Ethereum, and never who voted how', async () => {
  const voting = deploy(wasm, votingAbi, [id, ethereum]);
  voting.call('castVote', await ballot(generatePrivateKey(), 0n, true));
  expect(voting.ethereum).toEqual({
    address: ethereum.toLowerCase(),
    payload: '0x40a7dba90000000000000000000000000000000000000000000000000000000000000000',
  });
  voting.call('castVote', await ballot(generatePrivateKey(), 0n, false));
  voting.call('tallyPoll', [0n]);
  expect(voting.ethereum?.payload).toBe(
    '0x796f560600000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000032',
  );
});

it('counts each poll for itself', async () => {
  const voting = deploy(wasm, votingAbi, [id, ethereum]);
  const voters = Array.from({ length: 3 }, () => generatePrivateKey());
  for (const [i, voter] of voters.entries()) voting.call('castVote', await ballot(voter, 7n, i < 2));
  voting.call('castVote', await ballot(voters[0] as Hex, 8n, false));
  voting.call('tallyPoll', [7n]);
  const payload = encodeFunctionData({ abi: callbacks, functionName: 'validateTallyPoll', args: [7n, 66n] });
  expect(voting.ethereum?.payload).toBe(payload);
  voting.call('tallyPoll', [9n]);
  expect(voting.ethereum?.payload).toBe(
    encodeFunctionData({ abi: callbacks, functionName: 'validateTallyPoll', args: [9n, 0n] }),
  );
});

it('does not count a ballot for another voting as the vote of its signer', async () => {
  const voter = generatePrivateKey();
  const own = await ballot(voter, 1n, true);
  const other = deploy(wasm, votingAbi, [keccak256(stringToHex('another voting')), ethereum]);
  other.call('castVote', own); // some account's, whose key nobody has
  const address = privateKeyToAddress(voter).slice(2).toLowerCase();
  expect([...other.state.keys()].some((key) => key.includes(address))).toBe(false);
  const voting = deploy(wasm, votingAbi, [id, ethereum]);
  voting.call('castVote', own);
  expect([...voting.state.keys()].some((key) => key.includes(address))).toBe(true);
});

it('takes one vote of an account', async () => {
  const voting = deploy(wasm, votingAbi, [id, ethereum]);
  const voter = generatePrivateKey();
  voting.call('castVote', await ballot(voter, 1n, true));
  const again = await ballot(voter, 1n, false);
  expect(() => voting.call('castVote', again)).toThrow('this account has voted');
  const [, , signature] = again;
  expect(() => voting.call('castVote', [1n, false, signature.slice(0, -2) as Hex])).toThrow(
    'a signature has 65 bytes',
  );
});
