import { at } from './module.js';
import { op } from './opcodes.js';

/** A mark in `$dirty` covers its chunk and this many bytes after it. */
export const dirtySlackBytes = 4096;

/** Where an operand came from: a local, still as that local has it; an instruction; a constant; something less simple. */
export type Origin =
  | { readonly kind: 'local'; readonly index: number }
  | { readonly kind: 'instruction'; readonly number: number }
  | { readonly kind: 'constant'; readonly value: number }
  | undefined;

/** What has to be done for a load or store, or for a group of them by the same local that the first one stands for. */
export interface Access {
  readonly origin: Origin;
  /** Bytes from the address on that have to exist: 0 when an earlier access looked after this one. */
  extent: number;
  /** Distance from the address at which to mark memory; `undefined` when there is nothing (more) to mark. */
  mark: number | undefined;
}

/** How many bytes each load and store touches, from `i32.load` on. */
const accessBytes = [4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4];

/** How many bytes from its address on an access touches: its offset included. */
export function extentOf(opcode: number, offset: number): number {
  return offset + at(accessBytes, opcode - op.i32Load);
}

/** Accesses farther from their address than this are looked after one by one. */
const farAway = 65_536;

interface Group {
  readonly leader: Access;
  /** Whether the code between the leader and here may be left or entered: the leader's work is settled then. */
  settled: boolean;
  /** The last byte after the leader's mark that a store of the group touches. */
  markedTo: number;
}

/**
 * Finds loads and stores that one look at the address and one mark are enough for: those whose address is the same
 * local, unchanged, with different offsets, which compilers make of every structure and every unrolled loop.
 *
 * What fast code does earlier than needed, or more of, does no harm: too large a mark only costs a wider reset, and a
 * look that fails too early only has the call run again by exact code.
 */
export class AccessPlan {
  /** One for each load and store, in order. */
  readonly accesses: Access[] = [];
  readonly #groups = new Map<number, Group>();

  /** A load or store, by its opcode, offset, and the origin of its address. One that never runs needs nothing. */
  visit(opcode: number, offset: number, origin: Origin, dead: boolean): void {
    if (dead) {
      this.accesses.push({ origin: undefined, extent: 0, mark: undefined });
      return;
    }
    const store = opcode >= op.i32Store;
    const extent = extentOf(opcode, offset);
    const access: Access = { origin, extent, mark: store ? offset : undefined };
    this.accesses.push(access);
    if (origin?.kind !== 'local' || extent > farAway) return;
    const group = this.#groups.get(origin.index);
    if (group === undefined || !this.#join(group, access)) this.#lead(origin.index, access);
  }

  /** A local has another value from here on. */
  assign(local: number): void {
    this.#groups.delete(local);
  }

  /** The code may be left here. */
  settle(): void {
    for (const group of this.#groups.values()) group.settled = true;
  }

  /** The code may be entered here. */
  forget(): void {
    this.#groups.clear();
  }

  #lead(local: number, access: Access): void {
    this.#groups.set(local, { leader: access, settled: false, markedTo: access.extent });
  }

  /** Hands the work for `access` to the leader of the group, if it can take it. */
  #join(group: Group, access: Access): boolean {
    const { leader } = group;
    if (access.extent > leader.extent && group.settled) return false;
    if (access.mark !== undefined && !this.#markAlong(group, access.mark, access.extent)) return false;
    leader.extent = Math.max(leader.extent, access.extent);
    access.extent = 0;
    access.mark = undefined;
    return true;
  }

  #markAlong(group: Group, from: number, to: number): boolean {
    const { leader, settled } = group;
    const first = Math.min(from, leader.mark ?? from);
    const last = leader.mark === undefined ? to : Math.max(to, group.markedTo);
    const change = leader.mark !== first;
    if (last - first > dirtySlackBytes || (change && settled)) return false;
    leader.mark = first;
    group.markedTo = last;
    return true;
  }
}
