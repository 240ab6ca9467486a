import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from '@enigma-worker/crypto';
import { silentLogger } from '@enigma-worker/principal';
import { describe, expect, test } from 'vitest';
import { openContractBook, readContractBook } from '#secrets/contract-book.js';
import { temporaryFolder } from './support/principal.js';

const contracts = Array.from({ length: 5 }, () => randomBytes(32));

const open = (folder: string) => openContractBook(folder, { isSuspect: false, log: silentLogger });

/** Opens the book after a sudden end, and says what was warned of. */
async function reopen(folder: string) {
  const warnings: object[] = [];
  const log = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
  return { book: await openContractBook(folder, { isSuspect: true, log }), warnings };
}

async function bookOf(generation: number, addresses = contracts) {
  const folder = await temporaryFolder();
  await using book = await open(folder);
  await book.enter(addresses, generation);
  return { folder, path: join(folder, 'contracts.log') };
}

describe('the book of contracts', () => {
  test('keeps the first generation of each, over restarts', async () => {
    const { folder } = await bookOf(0, contracts.slice(0, 2));
    await using book = await open(folder);
    expect(await book.enter(contracts, 1)).toEqual([0, 0, 1, 1, 1]);
    expect(book.size).toBe(5);
    await book.close();
    await using again = await open(folder);
    expect(await again.enter(contracts.toReversed(), 2)).toEqual([1, 1, 1, 0, 0]);
  });

  test('enters a contract once, however often it is asked for at the same time', async () => {
    const folder = await temporaryFolder();
    await using book = await open(folder);
    const twice = [...contracts, ...contracts];
    const answers = await Promise.all([0, 1, 2].map((generation) => book.enter(twice, generation)));
    expect(answers.flat().every((generation) => generation === 0)).toBe(true);
    expect(await readFile(join(folder, 'contracts.log'))).toHaveLength(5 * 40);
  });

  test('gives its entries in order', async () => {
    const { folder } = await bookOf(3);
    await using book = await open(folder);
    const order = book.entries().map(({ address }) => Buffer.from(address));
    expect(order).toEqual(contracts.map((address) => Buffer.from(address)).sort((a, b) => a.compare(b)));
  });

  test('drops what a crash cut short, and goes on', async () => {
    for (const tail of [Buffer.alloc(17), Buffer.alloc(40, 7), Buffer.alloc(3 * 40 + 1, 9)]) {
      const { folder, path } = await bookOf(0);
      await appendFile(path, tail);
      expect(await readContractBook(folder, true)).toHaveLength(5);
      expect(await readFile(path)).toHaveLength(5 * 40 + tail.length);
      const { book, warnings } = await reopen(folder);
      expect(warnings).toEqual([{ path, bytes: tail.length }]);
      expect(book.size).toBe(5);
      await book.enter([randomBytes(32)], 1);
      await book.close();
      await using again = await open(folder);
      expect(again.size).toBe(6);
    }
    const { folder, path } = await bookOf(0);
    await truncate(path, 4 * 40 + 39);
    await using book = (await reopen(folder)).book;
    expect(book.size).toBe(4);
  });

  test('is refused, and left as it is, when its end is damaged without a crash', async () => {
    for (const damage of [
      (content: Buffer) => content.subarray(0, -1),
      (content: Buffer) => content.subarray(0, 4 * 40 + 7),
      (content: Buffer) => content.fill(0, 4 * 40),
      (content: Buffer) => content.fill(1, content.length - 3),
    ]) {
      const { folder, path } = await bookOf(0);
      const damaged = damage(await readFile(path));
      await writeFile(path, damaged);
      await expect(open(folder)).rejects.toMatchObject({ code: 'DATA_CORRUPT' });
      await expect(readContractBook(folder, false)).rejects.toMatchObject({ code: 'DATA_CORRUPT' });
      expect(await readFile(path)).toEqual(damaged);
    }
  });

  test('is refused when damaged inside', async () => {
    const { folder, path } = await bookOf(0);
    const content = await readFile(path);
    content[50]! ^= 1;
    await writeFile(path, content);
    await expect(open(folder)).rejects.toMatchObject({ code: 'DATA_CORRUPT' });
    await expect(reopen(folder)).rejects.toMatchObject({ code: 'DATA_CORRUPT' });
  });

  test('closes twice', async () => {
    const book = await open(await temporaryFolder());
    await Promise.all([book.close(), book.close()]);
  });
});
