import type { Module } from './module.js';

/**
 * `exact` keeps every counter in a global all the time. `fast` keeps them in locals, and loses them when the code traps.
 */
export type Variant = 'fast' | 'exact';

/** The functions that may grow the memory, by themselves or by what they call. */
export interface Growing {
  readonly functions: ReadonlySet<number>;
  /** Whether one of them is in the table. */
  readonly throughTable: boolean;
}

/** What the parts that inject metering share. */
export interface Metering {
  readonly module: Module;
  readonly variant: Variant;
  /** Whether the contract can grow its memory, so that accesses have to be checked. */
  readonly grows: boolean;
  /** Bytes of memory that always exist. */
  readonly initialBytes: number;
  /** What may grow it when it is called. */
  readonly growing: Growing;
  readonly maximumPages: number;
  /** The index of the type of a contract's function as it is after metering. */
  meteredType(type: number): number;
  isImport(index: number): boolean;

  // Indices of globals.
  readonly gas: number;
  readonly limit: number;
  /** The gas at which nothing is left: the limit, or less if the limit is beyond what anybody can ever use. */
  readonly ceiling: number;
  readonly status: number;
  readonly pages: number;
  readonly dirty: number;
}
