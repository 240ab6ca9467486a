import fc from 'fast-check';
import {
  bytesToHex,
  hashMessage,
  type Hex,
  hexToBigInt,
  hexToBytes,
  keccak256,
  numberToHex,
  slice,
} from 'viem';
import { privateKeyToAccount, sign } from 'viem/accounts';
import { beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './harness.js';
import { compileText } from './sources.js';

const SOURCE = `
import { contract, view, Bytes32, Address, keccak256, keccak256Text, hashMessage, recoverAddress, encrypt, decrypt, random, randomBelow, randomBytes, randomFixed, u256 } from '@enigma-worker/contract/assembly';
@contract export class Crypto {
  @view hash(message: Uint8Array): Bytes32 { return keccak256(message); }
  @view hashText(text: string): Bytes32 { return keccak256Text(text); }
  @view message(message: Uint8Array): Bytes32 { return hashMessage(message); }
  @view recover(hash: Bytes32, signature: Uint8Array): Address { return recoverAddress(hash, signature); }
  @view sealed(message: Uint8Array, key: Bytes32): Uint8Array { return encrypt(message, key); }
  @view opened(envelope: Uint8Array, key: Bytes32): Uint8Array { return decrypt(envelope, key); }
  dice(sides: u64): u64 { return randomBelow(sides); }
  byte(): u8 { return random<u8>(); }
  /** How often each bit was set in so many draws of a type, the lowest first. */
  bools(draws: u32): u32[] { return bitsOf<bool>(1, draws); }
  bytes(draws: u32): u32[] { return bitsOf<i8>(8, draws); }
  halves(draws: u32): u32[] { return bitsOf<u16>(16, draws); }
  words(draws: u32): u32[] { return bitsOf<i32>(32, draws); }
  longs(draws: u32): u32[] { return bitsOf<u64>(64, draws); }
  wide(): u256 { return random<u256>(); }
  some(length: u32): Uint8Array { return randomBytes(length); }
  key(): Bytes32 { return randomFixed<Bytes32>(); }
}`;

const BITS_OF = `
function bitsOf<T>(bits: i32, draws: u32): u32[] {
  const counts = new Array<u32>(bits);
  for (let i: u32 = 0; i < draws; i++) {
    const value = <u64>random<T>();
    for (let bit = 0; bit < bits; bit++) counts[bit] += <u32>((value >> bit) & 1);
  }
  return counts;
}`;

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const word = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes));
const privateKey = word.filter((key) => hexToBigInt(key) > 0n && hexToBigInt(key) < ORDER);

describe('cryptography in a contract', () => {
  let contract: Harness;
  beforeAll(async () => {
    contract = new Harness(await compileText(SOURCE + BITS_OF));
  });

  it('hashes as Ethereum does, at every length around a block', () => {
    for (const length of [0, 1, 31, 32, 135, 136, 137, 271, 272, 273, 1000]) {
      const message = bytesToHex(new Uint8Array(length).map((_, i) => i * 7));
      expect(contract.call('hash', message), `${length} bytes`).toBe(keccak256(message));
      expect(contract.call('message', message)).toBe(hashMessage({ raw: message }));
    }
    expect(contract.call('hashText', 'Grüße')).toBe(keccak256(bytesToHex(new TextEncoder().encode('Grüße'))));
  });

  it('recovers the signer of any hash', async () => {
    await fc.assert(
      fc.asyncProperty(word, privateKey, async (hash, key) => {
        const signature = await sign({ hash, privateKey: key, to: 'hex' });
        expect(contract.call('recover', hash, signature)).toBe(privateKeyToAccount(key).address);
      }),
      { numRuns: 60 },
    );
  });

  it('recovers for keys and hashes at the edges', async () => {
    const edges: Hex[] = [1n, 2n, 3n, ORDER - 1n, ORDER - 2n, 1n << 128n, (1n << 255n) - 1n].map((value) =>
      numberToHex(value, { size: 32 }),
    );
    const hashes = [0n, 1n, ORDER - 1n, ORDER, ORDER + 1n, (1n << 256n) - 1n].map((value) =>
      numberToHex(value, { size: 32 }),
    );
    for (const key of edges) {
      for (const hash of hashes) {
        const signature = await sign({ hash, privateKey: key, to: 'hex' });
        expect(contract.call('recover', hash, signature), `key ${key}, hash ${hash}`).toBe(
          privateKeyToAccount(key).address,
        );
      }
    }
  });

  it('refuses what is no signature', async () => {
    const hash = numberToHex(5, { size: 32 });
    const good = await sign({ hash, privateKey: numberToHex(9, { size: 32 }), to: 'hex' });
    const r = slice(good, 0, 32);
    const s = slice(good, 32, 64);
    const zero = numberToHex(0, { size: 32 });
    const highS = numberToHex(ORDER - hexToBigInt(s), { size: 32 });
    const join = (first: Hex, second: Hex, v: number): Hex =>
      `${first}${second.slice(2)}${v.toString(16).padStart(2, '0')}`;
    for (const signature of [
      join(zero, s, 27),
      join(r, zero, 27),
      join(r, highS, 27),
      join(numberToHex(ORDER, { size: 32 }), s, 27),
      join(r, s, 29),
      slice(good, 0, 64),
      join(numberToHex(5, { size: 32 }), s, 27), // no point of the curve has this x
    ]) {
      expect(() => contract.call('recover', hash, signature), signature).toThrow(/not a signature|65 bytes/);
    }
  });

  it('opens what it sealed, and nothing else', () => {
    const key = numberToHex(77, { size: 32 });
    const envelope = contract.call('sealed', '0x010203', key) as Hex;
    expect(hexToBytes(envelope)).toHaveLength(31);
    expect(contract.call('opened', envelope, key)).toBe('0x010203');
    expect(() => contract.call('opened', envelope, numberToHex(78, { size: 32 }))).toThrow();
    expect(() => contract.call('opened', '0x01', key)).toThrow(/too short/);
  });

  it('draws every value of a range or a type, each as often as the others', () => {
    const seen = new Set(Array.from({ length: 200 }, () => contract.call('dice', 6n)));
    expect(seen).toEqual(new Set([0n, 1n, 2n, 3n, 4n, 5n]));
    expect(() => contract.call('dice', 0n)).toThrow(/nothing is below 0/);
    expect(contract.call('byte')).toBeLessThan(256);
    for (const type of ['bools', 'bytes', 'halves', 'words', 'longs']) {
      // Half of 4,000 draws, give or take eight standard deviations.
      for (const count of contract.call(type, 4000) as number[]) {
        expect(Math.abs(count - 2000), type).toBeLessThan(253);
      }
    }
    expect(contract.call('wide')).not.toBe(contract.call('wide'));
    expect(hexToBytes(contract.call('some', 10) as Hex)).toHaveLength(10);
    expect(contract.call('key')).not.toBe(contract.call('key'));
  });
});
