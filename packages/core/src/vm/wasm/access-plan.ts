import { at } from './module.js';
import { op } from './opcodes.js';

/** A mark in `$dirty` covers its chunk and this many bytes after it. */
export const dirtySlackBytes = 4096;

/** Where an operand came from: a local, still as that local has it; an instruction; a constant; something less simple. */
export type Origin =
  | { readonly kind: 'local'; readonly index: number; readonly version: number }
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
  /** Whether it stands where no run comes by. */
  readonly dead: boolean;
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
  /** The stretch of code that the leader stands in: further on its work is settled. */
  readonly stretch: number;
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
  /** How often each local has been given another value. */
  readonly #versions = new Map<number, number>();
  /** Counts the stretches of code that are either run from beginning to end or not at all. */
  #stretch = 0;

  /** Where the result of a simple instruction comes from. */
  originOf(opcode: number, index: number, number: number): Origin {
    if (opcode === op.localGet || opcode === op.localTee) {
      return { kind: 'local', index, version: this.#versions.get(index) ?? 0 };
    }
    if (opcode === op.i32Const) return { kind: 'constant', value: index >>> 0 };
    return opcode === op.memorySize || opcode === op.memoryGrow ? undefined : { kind: 'instruction', number };
  }

  /** A load or store, by its opcode, offset, and the origin of its address. One that never runs needs nothing. */
  visit(opcode: number, offset: number, origin: Origin, dead: boolean): void {
    if (dead) {
      this.accesses.push({ origin: undefined, extent: 0, mark: undefined, dead });
      return;
    }
    const store = opcode >= op.i32Store;
    const extent = extentOf(opcode, offset);
    const access: Access = { origin: this.#current(origin), extent, mark: store ? offset : undefined, dead };
    this.accesses.push(access);
    if (access.origin?.kind !== 'local' || extent > farAway) return;
    const { index } = access.origin;
    const group = this.#groups.get(index);
    if (group === undefined || !this.#join(group, access)) this.#lead(index, access);
  }

  /** A local has another value from here on. */
  assign(local: number): void {
    this.#groups.delete(local);
    this.#versions.set(local, (this.#versions.get(local) ?? 0) + 1);
  }

  /** The code may be left here. */
  settle(): void {
    this.#stretch += 1;
  }

  /** The code may be entered here. */
  forget(): void {
    this.#groups.clear();
  }

  #isSettled(group: Group): boolean {
    return group.stretch !== this.#stretch;
  }

  /** The origin, unless it is a local that has another value by now. */
  #current(origin: Origin): Origin {
    if (origin?.kind !== 'local') return origin;
    return origin.version === (this.#versions.get(origin.index) ?? 0) ? origin : undefined;
  }

  #lead(local: number, access: Access): void {
    this.#groups.set(local, { leader: access, stretch: this.#stretch, markedTo: access.extent });
  }

  /** Hands the work for `access` to the leader of the group, if it can take it. */
  #join(group: Group, access: Access): boolean {
    const { leader } = group;
    if (access.extent > leader.extent && this.#isSettled(group)) return false;
    if (access.mark !== undefined && !this.#markAlong(group, access.mark, access.extent)) return false;
    leader.extent = Math.max(leader.extent, access.extent);
    access.extent = 0;
    access.mark = undefined;
    return true;
  }

  #markAlong(group: Group, from: number, to: number): boolean {
    const { leader } = group;
    const first = Math.min(from, leader.mark ?? from);
    const last = leader.mark === undefined ? to : Math.max(to, group.markedTo);
    const change = leader.mark !== first;
    if (last - first > dirtySlackBytes || (change && this.#isSettled(group))) return false;
    leader.mark = first;
    group.markedTo = last;
    return true;
  }
}
