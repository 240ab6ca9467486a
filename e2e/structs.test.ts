import { readFile } from 'node:fs/promises';
import { compileContract } from '@enigma-worker/contract';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import { startTestWorker, type TestWorker } from '@enigma-worker/local';
import { callContract, deployContract, getContract } from '@enigma-worker/sdk';
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest';
import { auctionAbi } from '../examples/auction/build/auction.abi.js';

const source = `
import { contract, Fixed2, state, struct, u256, view } from '@enigma-worker/contract/assembly';

@struct
export class Point { x: i32; y: u256; label: string; }

@struct
export class Line { start: Point; end: Point; tags: string[]; grid: Fixed2<u8>; data: Uint8Array; }

@contract
export class Drawing {
  @state line: Line;

  constructor(start: Point) {
    const line = new Line();
    line.start = start;
    this.line = line;
  }

  draw(line: Line): void { this.line = line; }
  @view last(): Line { return this.line; }
  @view start(): Point { return this.line.start; }
  @view echo(lines: Line[], times: u8): Line[] { return lines; }
}
`;

const point = [
  { name: 'x', type: 'int32' },
  { name: 'y', type: 'uint256' },
  { name: 'label', type: 'string' },
] as const;
const line = [
  { name: 'start', type: 'tuple', internalType: 'struct Point', components: point },
  { name: 'end', type: 'tuple', internalType: 'struct Point', components: point },
  { name: 'tags', type: 'string[]' },
  { name: 'grid', type: 'uint8[2]' },
  { name: 'data', type: 'bytes' },
] as const;
/** What the build writes of the contract above: written down here so that the types are inferred from it. */
const abi = [
  {
    type: 'constructor',
    inputs: [{ name: 'start', type: 'tuple', internalType: 'struct Point', components: point }],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    name: 'draw',
    inputs: [{ name: 'line', type: 'tuple', internalType: 'struct Line', components: line }],
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    name: 'last',
    inputs: [],
    outputs: [{ name: '', type: 'tuple', internalType: 'struct Line', components: line }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    name: 'start',
    inputs: [],
    outputs: [{ name: '', type: 'tuple', internalType: 'struct Point', components: point }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    name: 'echo',
    inputs: [
      { name: 'lines', type: 'tuple[]', internalType: 'struct Line[]', components: line },
      { name: 'times', type: 'uint8' },
    ],
    outputs: [{ name: '', type: 'tuple[]', internalType: 'struct Line[]', components: line }],
    stateMutability: 'view',
  },
] as const;

const start = { x: -5, y: 2n ** 256n - 1n, label: 'α' };
const end = { x: 2 ** 31 - 1, y: 0n, label: '' };
const drawn = { start, end, tags: ['x', '', '😀'], grid: [1, 255], data: '0x00ff' } as const;

let worker: TestWorker;
let wasm: Uint8Array;

beforeAll(async () => {
  worker = await startTestWorker();
  const read = (path: string) => Promise.resolve(path === 'drawing.ts' ? source : undefined);
  const compiled = await compileContract('drawing.ts', { read, optimize: false });
  expect(compiled.abi).toEqual(abi);
  ({ wasm } = compiled);
});

afterAll(() => worker.close());

/** The contract, deployed with the text of its constructor. */
async function deployByText() {
  const construct = 'construct((int32 x,uint256 y,string label))';
  const { address } = await worker.deployRaw({ bytecode: wasm, construct, args: [start] });
  return getContract(worker.client, { abi, address });
}

test('structs go in and come out as objects, nested and in lists', async () => {
  const drawing = await deployByText();
  const first = await drawing.read.start();
  expectTypeOf(first).toEqualTypeOf<{ x: number; y: bigint; label: string }>();
  expect(first).toEqual(start);

  await drawing.write.draw([drawn]);
  expect(await drawing.read.last()).toEqual(drawn);
  await drawing.write.draw({ line: { ...drawn, tags: [] } });
  expect(await drawing.read.last()).toEqual({ ...drawn, tags: [] });

  const lines = [drawn, { ...drawn, start: end }] as const;
  expect(await drawing.read.echo({ lines, times: 1 })).toEqual(lines);
  expect((await drawing.estimateGas.echo([lines, 1])).failed).toBe(false);
});

test('the worker is told types without names, whoever calls', async () => {
  const drawing = await deployByText();
  const text = '(int32 x,uint256 y,string label)';
  const typed = `(${text} start,${text} end,string[] tags,uint8[2] grid,bytes data)`;
  const { values } = await callContract(worker.client, {
    address: drawing.address,
    function: `echo(${typed}[],uint8)`,
    args: [[drawn], 1],
    returns: `${typed}[]`,
  });
  expect(values).toEqual([[drawn]]);
});

test('a constructor takes a struct, by the ABI or by its text', async () => {
  for (const args of [[start], { start }] as const) {
    const drawing = await worker.deploy({ wasm, abi, args });
    expect(await drawing.read.start()).toEqual(start);
  }
  const address = toHex(randomBytes(32));
  await worker.network.provision(address);
  await deployContract(worker.client, { bytecode: wasm, abi, args: { start: end }, address });
  expect(await getContract(worker.client, { abi, address }).read.start()).toEqual(end);
});

test("an example's struct has its fields", async () => {
  const seller = `0x${'11'.repeat(32)}` as const;
  const bytecode = await readFile(new URL('../examples/auction/build/auction.wasm', import.meta.url));
  const auction = await worker.deploy({
    wasm: new Uint8Array(bytecode),
    abi: auctionAbi,
    args: [seller, 100n],
  });
  await auction.write.bid({ bidder: seller, amount: 120n });
  await auction.write.close({ seller });
  const { winner, price } = await auction.read.outcome();
  expect([winner, price]).toEqual([seller, 100n]);
});
