import { compareBytes } from '@enigma-worker/crypto';

// A page is number(8) ‖ transaction(8) ‖ pad(2) ‖ flags(2) ‖ lower(2) ‖ upper(2) ‖ offsets of nodes(2 each) ‖ ...
// or, for a large value, ... ‖ flags(2) ‖ pages(4) ‖ bytes. A node is low(2) ‖ high(2) ‖ flags(2) ‖ key size(2) ‖
// key ‖ data. A table is pad(4) ‖ flags(2) ‖ depth(2) ‖ three counts(24) ‖ entries(8) ‖ root(8). Little-endian.
export const PAGE_HEADER = 24;
export const NODE_HEADER = 8;
export const TABLE_BYTES = 48;
export const BRANCH = 1;
export const LEAF = 2;
export const OVERFLOW = 4;
export const LARGE_VALUE = 1;
export const SUB_TABLE = 2;
export const NO_PAGE = 0xffff_ffff_ffff_ffffn;
export const MAX_DEPTH = 64;
/** Bytes that stand for a large value in its node. */
const LARGE_VALUE_BYTES = 24;

/** The head of a table: where its tree begins. */
export interface Table {
  readonly name: string;
  readonly root: bigint;
  readonly depth: number;
  readonly entries: bigint;
  /** Keys of the table of free pages are integers, not in the order of their bytes. */
  readonly isSorted: boolean;
}

/** A page with nodes, all of which lie in it. */
export interface Page {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** Where each node begins. */
  readonly nodes: readonly number[];
}

/** What the keys of a page must not be below, and must be below. */
export interface Bounds {
  readonly low?: Uint8Array | undefined;
  readonly high?: Uint8Array | undefined;
}

/** What is wrong with the first bytes of a page that should have this number and kind. */
export function headProblem(view: DataView, number: bigint, kind: number): string | undefined {
  if (view.getBigUint64(0, true) !== number) return 'has another number in it';
  if ((view.getUint16(18, true) & (BRANCH | LEAF | OVERFLOW)) !== kind) return 'is of the wrong kind';
  return undefined;
}

/**
 * Finds the nodes of a page; nothing when its layout is damaged. Nodes fill a page from its end without
 * gaps, so that none can be hidden by a damaged count.
 */
export function readNodes(view: DataView, kind: number): Page | undefined {
  const pageSize = view.byteLength;
  // These, and the offsets of nodes, count from the end of the header.
  const lower = PAGE_HEADER + view.getUint16(20, true);
  const upper = PAGE_HEADER + view.getUint16(22, true);
  if (lower % 2 !== 0 || lower > upper || upper > pageSize) return undefined;
  const nodes: number[] = [];
  let filled = 0;
  for (let at = PAGE_HEADER; at < lower; at += 2) {
    const node = PAGE_HEADER + view.getUint16(at, true);
    if (node < upper || node + NODE_HEADER > pageSize) return undefined;
    const flags = kind === LEAF ? view.getUint16(node + 4, true) : 0;
    const data =
      kind === BRANCH ? 0 : (flags & LARGE_VALUE) !== 0 ? LARGE_VALUE_BYTES : view.getUint32(node, true);
    const size = NODE_HEADER + view.getUint16(node + 6, true) + data;
    if (node + size > pageSize) return undefined;
    filled += size + (size & 1);
    nodes.push(node);
  }
  if (nodes.length === 0 || filled !== pageSize - upper) return undefined;
  return { view, bytes: new Uint8Array(view.buffer, view.byteOffset, pageSize), nodes };
}

/** Keys of a page; the first of a branch is not used. */
export function keysOf(page: Page, kind: number): (Uint8Array | undefined)[] {
  return page.nodes.map((at, i) => (kind === BRANCH && i === 0 ? undefined : keyOf(page, at)));
}

/** The key of a node. */
export function keyOf({ view, bytes }: Page, at: number): Uint8Array {
  const start = at + NODE_HEADER;
  return bytes.subarray(start, start + view.getUint16(at + 6, true));
}

/** Whether the keys of a page ascend and lie in its bounds. The first, a bound, may be equal to the second. */
export function areSorted(keys: readonly (Uint8Array | undefined)[], { low, high }: Bounds): boolean {
  let previous = low;
  for (let i = 0; i <= keys.length; i++) {
    const key = i < keys.length ? keys[i] : high;
    if (key === undefined) continue;
    const order = previous === undefined ? -1 : compareBytes(previous, key);
    if (order > 0 || (order === 0 && i > 0)) return false;
    previous = key;
  }
  return true;
}

/** The page below a node of a branch. */
export function childOf(view: DataView, at: number): bigint {
  return BigInt(view.getUint32(at, true)) | (BigInt(view.getUint16(at + 4, true)) << 32n);
}

/** Reads the head of a table. */
export function tableAt(name: string, bytes: Uint8Array, at: number, isSorted: boolean): Table {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, TABLE_BYTES);
  return {
    name,
    depth: view.getUint16(6, true),
    entries: view.getBigUint64(32, true),
    root: view.getBigUint64(40, true),
    isSorted,
  };
}
