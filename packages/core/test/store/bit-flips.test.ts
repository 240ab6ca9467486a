import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openStore } from '#store/open.js';
import { checkStructure } from '#store/structure.js';
import { addressOf, bytes, temporaryFolder } from './support.js';

const STATE_ID = bytes(16, 1);
const VALUES = 300;
const FLIPS = Number(process.env['ENIGMA_BIT_FLIPS'] ?? 250);
const PAGE = 4096;
const LEAF = 2;
const BRANCH = 1;

/** A bit of the file. */
interface Flip {
  readonly at: number;
  readonly bit: number;
}

/** How many of the values were read right, and so on. */
interface Outcome {
  readonly right: number;
  readonly wrong: number;
  readonly absent: number;
  readonly refused: number;
  readonly codes: readonly string[];
}

function digest(name: string, length: number): Buffer {
  return createHash('sha512').update(name).digest().subarray(0, length);
}

/** A closed store with one contract, and what its state holds. */
async function filled(folder: string): Promise<Record<string, string>> {
  const store = await openStore(folder);
  const writes = Array.from({ length: VALUES }, (_, i) => ({
    tag: digest(`tag ${i}`, 16),
    value: digest(`value ${i}`, 20 + (i % 40)),
  }));
  const delta = bytes(100, 1);
  await store.commitTask({
    address: addressOf(1),
    delta,
    bytecode: bytes(10, 1),
    state: { base: undefined, head: { id: STATE_ID, index: 0, hash: bytes(32, 1), shape: 'object' }, writes },
  });
  await store.close();
  return Object.fromEntries(writes.map(({ tag, value }) => [tag.toString('hex'), value.toString('hex')]));
}

/** Bits of the pages that lead to sealed values and hold them: of each kind of place some. */
function plan(folder: string): Flip[] {
  const file = readFileSync(join(folder, 'data.mdb'));
  const pages: number[] = [];
  for (let at = 2 * PAGE; at < file.length; at += PAGE) {
    const isTree = (file.readUInt16LE(at + 18) & (LEAF | BRANCH)) !== 0;
    if (isTree && file.subarray(at, at + PAGE).includes(Buffer.from(STATE_ID))) pages.push(at);
  }
  expect(pages.length).toBeGreaterThan(6);
  let seed = 0;
  const random = (below: number): number => digest(`flip ${seed++}`, 4).readUInt32LE() % below;
  return Array.from({ length: FLIPS }, (_, number) => {
    const page = pages[random(pages.length)]!;
    // Half of them in the head of the page and where its entries are listed.
    const offset = number % 2 === 0 ? random(96) : random(PAGE);
    return { at: page + offset, bit: random(8) };
  });
}

it('whatever bit of the sealed values is flipped, none is taken for another or for absent', async () => {
  const folder = await temporaryFolder();
  const values = await filled(folder);
  const path = join(folder, 'data.mdb');
  const good = readFileSync(path);
  const flips = plan(folder);
  const absent = Array.from({ length: 50 }, (_, i) => digest(`absent ${i}`, 16).toString('hex'));
  const input = JSON.stringify({ flips, stateId: Buffer.from(STATE_ID).toString('hex'), values, absent });
  const program = fileURLToPath(new URL('./bit-flips.mjs', import.meta.url));
  const ended: Flip[] = [];
  const wrong: (Outcome & Flip)[] = [];
  let damaged = 0;
  for (let next = 0; next < flips.length;) {
    // The one before may have ended with a bit flipped.
    writeFileSync(path, good);
    const { stdout } = spawnSync(process.execPath, [program, folder, String(next)], {
      input,
      encoding: 'utf8',
    });
    for (const line of stdout.trim().split('\n')) {
      const [, number, text] = /^(\d+)(?: (.*))?$/.exec(line) ?? [];
      const flip = flips[Number(number)]!;
      next = Number(number) + 1;
      if (text === undefined) {
        ended.push(flip);
        continue;
      }
      const outcome = JSON.parse(text) as Outcome;
      if (outcome.refused > 0) damaged++;
      const isNamed = outcome.codes.every((code) => code === 'CORRUPT');
      if (outcome.wrong > 0 || outcome.absent > 0 || !isNamed) wrong.push({ ...outcome, ...flip });
    }
  }
  expect(wrong).toEqual([]);
  expect(damaged).toBeGreaterThan(FLIPS / 4);

  // A damaged page may end the process; the start that follows looks at every page first.
  for (const { at, bit } of ended) {
    const file = Buffer.from(good);
    file[at]! ^= 1 << bit;
    writeFileSync(path, file);
    expect(checkStructure(folder).problems).not.toEqual([]);
  }
}, 300_000);
