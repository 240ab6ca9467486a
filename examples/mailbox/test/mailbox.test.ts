import { encodeAbiParameters, type Hex, keccak256, stringToHex } from 'viem';
import { generatePrivateKey, privateKeyToAddress, sign } from 'viem/accounts';
import { expect, it } from 'vitest';
import { deploy } from '../../testing/contract.js';
import { mailboxAbi } from '../build/mailbox.abi.js';

const wasm = new URL('../build/mailbox.wasm', import.meta.url);
const id = keccak256(stringToHex('mailboxes'));

async function signReading(privateKey: Hex, position: number): Promise<Hex> {
  const encoded = encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint32' }], [id, position]);
  return await sign({ hash: keccak256(encoded), privateKey, to: 'hex' });
}

it('gives letters to their reader only, in order, once', async () => {
  const mailbox = deploy(wasm, mailboxAbi, [id]);
  const [aliceKey, bobKey] = [generatePrivateKey(), generatePrivateKey()];
  const [alice, bob] = [privateKeyToAddress(aliceKey), privateKeyToAddress(bobKey)];
  mailbox.call('post', [alice, bob, 'Grüße, Bob 👋']);
  mailbox.call('post', [alice, bob, 'second']);
  const first = await signReading(bobKey, 0);
  expect(mailbox.call('take', [bob, first])).toEqual({ sender: alice, text: 'Grüße, Bob 👋' });
  expect(() => mailbox.call('take', [bob, first])).toThrow('not by that account');
  const alices = await signReading(aliceKey, 1);
  expect(() => mailbox.call('take', [bob, alices])).toThrow('not by that account');
  expect(mailbox.call('take', [bob, await signReading(bobKey, 1)])).toEqual({
    sender: alice,
    text: 'second',
  });
  const third = await signReading(bobKey, 2);
  expect(() => mailbox.call('take', [bob, third])).toThrow('the box is empty');
});

it('gives no letter for a signature that was made for other mailboxes', async () => {
  const others = deploy(wasm, mailboxAbi, [keccak256(stringToHex('other mailboxes'))]);
  const key = generatePrivateKey();
  const reader = privateKeyToAddress(key);
  others.call('post', [reader, reader, 'a letter']);
  const signature = await signReading(key, 0);
  expect(() => others.call('take', [reader, signature])).toThrow('not by that account');
});

it('seals what it keeps', () => {
  const mailbox = deploy(wasm, mailboxAbi, [id]);
  const reader = privateKeyToAddress(generatePrivateKey());
  mailbox.call('post', [reader, reader, 'a letter that nobody reads']);
  expect([...mailbox.state.values()].join(' ')).not.toContain(stringToHex('nobody').slice(2));
});
