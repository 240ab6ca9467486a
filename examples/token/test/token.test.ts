import { type Address, encodeAbiParameters, type Hex, keccak256, stringToHex } from 'viem';
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import { expect, it } from 'vitest';
import { deploy, type TestContract } from '../../testing/contract.js';
import { privateTokenAbi } from '../build/private-token.abi.js';

const wasm = new URL('../build/private-token.wasm', import.meta.url);
const id = keccak256(stringToHex('a token of ours'));
type Token = TestContract<typeof privateTokenAbi>;

interface Order {
  readonly kind: 'transfer' | 'approve' | 'transferFrom';
  readonly owner: Address;
  readonly other: Address;
  readonly amount: bigint;
}

/** What a wallet does when it is asked to sign a message. */
async function signOrder(token: Token, signer: PrivateKeyAccount, order: Order, tokenId = id): Promise<Hex> {
  const nonce = token.call('nonceOf', [signer.address]);
  const encoded = encodeAbiParameters(
    ['bytes32', 'string', 'address', 'address', 'uint256', 'uint256'].map((type) => ({ type })),
    [tokenId, order.kind, order.owner, order.other, order.amount, nonce],
  );
  return await signer.signMessage({ message: { raw: keccak256(encoded) } });
}

async function signQuestion(token: Token, signer: PrivateKeyAccount, kind: string): Promise<Hex> {
  const nonce = token.call('nonceOf', [signer.address]);
  const encoded = encodeAbiParameters(
    ['bytes32', 'string', 'uint256'].map((type) => ({ type })),
    [id, kind, nonce],
  );
  return await signer.signMessage({ message: { raw: keccak256(encoded) } });
}

async function balanceOf(token: Token, account: PrivateKeyAccount): Promise<bigint> {
  return token.call('balance', [account.address, await signQuestion(token, account, 'balance')]);
}

const account = (): PrivateKeyAccount => privateKeyToAccount(generatePrivateKey());

it('moves tokens for who signs, and only then', async () => {
  const [alice, bob] = [account(), account()];
  const token = deploy(wasm, privateTokenAbi, [id, alice.address, 1000n]);
  expect(token.call('totalSupply', [])).toBe(1000n);
  const order = { kind: 'transfer', owner: alice.address, other: bob.address, amount: 400n } as const;
  const signature = await signOrder(token, alice, order);
  token.call('transfer', [alice.address, bob.address, 400n, signature]);
  expect(await balanceOf(token, alice)).toBe(600n);
  expect(await balanceOf(token, bob)).toBe(400n);

  // The same order again, another amount, another signer, another token.
  expect(() => token.call('transfer', [alice.address, bob.address, 400n, signature])).toThrow(
    'not by that account',
  );
  const fresh = await signOrder(token, alice, order);
  expect(() => token.call('transfer', [alice.address, bob.address, 401n, fresh])).toThrow(
    'not by that account',
  );
  const bobs = await signOrder(token, bob, order);
  expect(() => token.call('transfer', [alice.address, bob.address, 400n, bobs])).toThrow(
    'not by that account',
  );
  const elsewhere = await signOrder(token, alice, order, keccak256('0x01'));
  expect(() => token.call('transfer', [alice.address, bob.address, 400n, elsewhere])).toThrow(
    'not by that account',
  );

  const tooMuch = await signOrder(token, alice, { ...order, amount: 601n });
  expect(() => token.call('transfer', [alice.address, bob.address, 601n, tooMuch])).toThrow(
    'the balance is smaller',
  );
  expect(await balanceOf(token, alice)).toBe(600n);
});

it('keeps its supply when somebody pays himself', async () => {
  const alice = account();
  const token = deploy(wasm, privateTokenAbi, [id, alice.address, 1000n]);
  const order = { kind: 'transfer', owner: alice.address, other: alice.address, amount: 1000n } as const;
  token.call('transfer', [alice.address, alice.address, 1000n, await signOrder(token, alice, order)]);
  expect(await balanceOf(token, alice)).toBe(1000n);
});

it('lets a spender take what was allowed', async () => {
  const [alice, shop, other] = [account(), account(), account()];
  const token = deploy(wasm, privateTokenAbi, [id, alice.address, 1000n]);
  const approval = { kind: 'approve', owner: alice.address, other: shop.address, amount: 300n } as const;
  token.call('approve', [alice.address, shop.address, 300n, await signOrder(token, alice, approval)]);
  const taking = { kind: 'transferFrom', owner: alice.address, other: shop.address, amount: 200n } as const;
  token.call('transferFrom', [alice.address, shop.address, 200n, await signOrder(token, shop, taking)]);
  const question = await signQuestion(token, shop, 'allowance');
  expect(token.call('allowance', [alice.address, shop.address, shop.address, question])).toBe(100n);
  const again = await signOrder(token, shop, taking);
  expect(() => token.call('transferFrom', [alice.address, shop.address, 200n, again])).toThrow(
    'the allowance is smaller',
  );
  expect(await balanceOf(token, shop)).toBe(200n);

  const strangers = await signQuestion(token, other, 'allowance');
  expect(() => token.call('allowance', [alice.address, shop.address, other.address, strangers])).toThrow(
    'only owner and spender may ask',
  );
});

it('shows a balance to its holder only', async () => {
  const [alice, eve] = [account(), account()];
  const token = deploy(wasm, privateTokenAbi, [id, alice.address, 1000n]);
  const question = await signQuestion(token, eve, 'balance');
  expect(() => token.call('balance', [alice.address, question])).toThrow('not by that account');
});
