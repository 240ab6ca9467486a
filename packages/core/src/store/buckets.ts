/** The tables of the store. Their names are in the file: a change needs a migration, see migrations.ts. */
export const BUCKETS = {
  // name -> value, both ours: the schema version
  meta: 'meta',
  // address(32) -> contract record, see contract-record.ts
  contracts: 'contracts',
  // keccak(bytecode)(32) -> bytecode
  bytecode: 'bytecode',
  // keccak(bytecode)(32) -> be32 how many contracts have it
  bytecodeUses: 'bytecodeUses',
  // chain(8) ‖ be32 index -> envelope of the delta; the contract's record has its chain
  deltas: 'deltas',
  // state id(16) ‖ tag(16) -> sealed value, see enclave/state/sealed-value.ts
  states: 'states',
  // state id(16), or chain(8) -> nothing: a state that was dropped, or the chain of a contract that was removed, whose
  // values, or deltas, are still to be deleted
  dropped: 'droppedStates',
  // address(32) -> sealed state key
  stateKeys: 'stateKeys',
  // name -> sealed piece of data
  blobs: 'blobs',
} as const;

/** Name of a table. */
export type Bucket = keyof typeof BUCKETS;

/** Bytes of what names a contract's deltas: see `ContractRecord.chain`. */
export const CHAIN_LENGTH = 8;

/** The key of a delta; `into` is filled when given, for keys that are used up at once. */
export function deltaKey(
  chain: Uint8Array,
  index: number,
  into = new Uint8Array(CHAIN_LENGTH + 4),
): Uint8Array {
  into.set(chain);
  writeIndex(into, index);
  return into;
}

/** Changes the index of a key made by {@link deltaKey}. */
export function writeIndex(key: Uint8Array, index: number): void {
  key[CHAIN_LENGTH] = index >>> 24;
  key[CHAIN_LENGTH + 1] = index >>> 16;
  key[CHAIN_LENGTH + 2] = index >>> 8;
  key[CHAIN_LENGTH + 3] = index;
}

/** The index in a key made by {@link deltaKey}. */
export function indexOf(key: Uint8Array): number {
  return new DataView(key.buffer, key.byteOffset, key.length).getUint32(CHAIN_LENGTH);
}

/** The key of a sealed value. */
export function stateKeyOf(stateId: Uint8Array, tag: Uint8Array): Uint8Array {
  const key = new Uint8Array(stateId.length + tag.length);
  key.set(stateId);
  key.set(tag, stateId.length);
  return key;
}
