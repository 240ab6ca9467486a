import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from '@enigma-worker/crypto';
import { describe, expect, test } from 'vitest';
import { openContractBook } from '#secrets/contract-book.js';
import { temporaryFolder } from './support/principal.js';

const contracts = Array.from({ length: 5 }, () => randomBytes(32));

async function bookOf(generation: number, addresses = contracts) {
  const folder = await temporaryFolder();
  await using book = await openContractBook(folder);
  await book.enter(addresses, generation);
  return { folder, path: join(folder, 'contracts.log') };
}

describe('the book of contracts', () => {
  test('keeps the first generation of each, over restarts', async () => {
    const { folder } = await bookOf(0, contracts.slice(0, 2));
    await using book = await openContractBook(folder);
    expect(await book.enter(contracts, 1)).toEqual([0, 0, 1, 1, 1]);
    expect(book.size).toBe(5);
    await book.close();
    await using again = await openContractBook(folder);
    expect(await again.enter(contracts.toReversed(), 2)).toEqual([1, 1, 1, 0, 0]);
  });

  test('enters a contract once, however often it is asked for at the same time', async () => {
    const folder = await temporaryFolder();
    await using book = await openContractBook(folder);
    const twice = [...contracts, ...contracts];
    const answers = await Promise.all([0, 1, 2].map((generation) => book.enter(twice, generation)));
    expect(answers.flat().every((generation) => generation === 0)).toBe(true);
    expect(await readFile(join(folder, 'contracts.log'))).toHaveLength(5 * 40);
  });

  test('gives its entries in order', async () => {
    const { folder } = await bookOf(3);
    await using book = await openContractBook(folder);
    const order = book.entries().map(({ address }) => Buffer.from(address));
    expect(order).toEqual(contracts.map((address) => Buffer.from(address)).sort((a, b) => a.compare(b)));
  });

  test('drops what a crash cut short, and goes on', async () => {
    for (const tail of [Buffer.alloc(17), Buffer.alloc(40, 7), Buffer.alloc(3 * 40 + 1, 9)]) {
      const { folder, path } = await bookOf(0);
      await appendFile(path, tail);
      const book = await openContractBook(folder);
      expect(book.size).toBe(5);
      await book.enter([randomBytes(32)], 1);
      await book.close();
      await using again = await openContractBook(folder);
      expect(again.size).toBe(6);
    }
    const { folder, path } = await bookOf(0);
    await truncate(path, 4 * 40 + 39);
    await using book = await openContractBook(folder);
    expect(book.size).toBe(4);
  });

  test('is refused when damaged inside', async () => {
    const { folder, path } = await bookOf(0);
    const content = await readFile(path);
    content[50]! ^= 1;
    await writeFile(path, content);
    await expect(openContractBook(folder)).rejects.toMatchObject({ code: 'DATA_CORRUPT' });
  });

  test('closes twice', async () => {
    const book = await openContractBook(await temporaryFolder());
    await Promise.all([book.close(), book.close()]);
  });
});
