/** How far the sealed state of a contract was built, and under which id its values are stored. */
export interface StateHead {
  /** 16 random bytes that name this build; a state built anew from nothing gets another. */
  readonly id: Uint8Array;
  /** Index of the last delta in it. */
  readonly index: number;
  /** Hash of that delta, 32 bytes. */
  readonly hash: Uint8Array;
  /** `object`: one sealed value for each top-level key. `whole`: the state is no object, and is one sealed value. */
  readonly shape: 'object' | 'whole';
}

/** What is known of a contract. */
export interface ContractRecord {
  /**
   * 8 random bytes under which its deltas are stored, far shorter than the address. A contract that was removed and
   * comes again has others, so that nothing has to wait until the old deltas are gone.
   */
  readonly chain: Uint8Array;
  /** Keccak-256 of the bytecode; none when only deltas were received so far. */
  readonly codeHash: Uint8Array | undefined;
  /** Index of the highest delta stored. */
  readonly tip: number | undefined;
  /** How many deltas are stored; there is a gap when it is not `tip + 1`. */
  readonly deltaCount: number;
  /** None before the first delta was applied, and after deltas were removed. */
  readonly state: StateHead | undefined;
}

/** A delta of a contract: its envelope, as it travels. */
export interface DeltaEntry {
  /** 32 bytes. */
  readonly address: Uint8Array;
  /** Index of the delta. */
  readonly key: number;
  readonly data: Uint8Array;
}

/** Deltas of a contract from `from` (inclusive) to `to` (exclusive). */
export interface DeltaRange {
  /** 32 bytes. */
  readonly address: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** The state key of a contract as it is stored. */
export interface SealedStateKey {
  /** 32 bytes. */
  readonly address: Uint8Array;
  readonly sealed: Uint8Array;
}

/** One sealed value of a state. */
export interface StateWrite {
  /** 16 bytes that stand for the key; they do not reveal it. */
  readonly tag: Uint8Array;
  /** The sealed value; `undefined` removes it. */
  readonly value: Uint8Array | undefined;
}

/** A step of a contract's state from one delta to a later one. */
export interface StateChange {
  /** What it starts from; the commit is refused when that is not what is stored. */
  readonly base: StateHead | undefined;
  readonly head: StateHead;
  /** Stored under `head.id`; when `base.id` differs, its values are dropped. */
  readonly writes: readonly StateWrite[];
}

/** What a task changes of its contract. */
export interface TaskChange {
  /** The envelope of the delta; its index is `state.head.index`. */
  readonly delta: Uint8Array;
  readonly state: StateChange;
}

/** Everything that a task changes; stored together or not at all. */
export interface TaskCommit extends TaskChange {
  /** 32 bytes. */
  readonly address: Uint8Array;
  /** Given by a deployment only: the exe code. */
  readonly bytecode?: Uint8Array;
}
