/** Decides which contracts an admitted worker may run, and so whose state keys it may have. */
export interface Assignment {
  /**
   * The part of the given contracts that the worker may run.
   * @param worker 20 bytes
   * @param contracts 32 bytes each
   * @param block the block whose epoch counts; absent for the newest epoch
   * @throws RpcError `ILLEGAL_STATE` when no epoch is known for the block yet
   */
  contractsOf(
    worker: Uint8Array,
    contracts: readonly Uint8Array[],
    block: bigint | undefined,
  ): readonly Uint8Array[];
}

/** Every admitted worker may run every contract. */
export const assignAll: Assignment = { contractsOf: (_worker, contracts) => contracts };
