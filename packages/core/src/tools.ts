// What works on a data folder or a contract beside a worker, or in its place: an entry of its own, so that a worker
// does not load it and a tool does not load a worker.
export { flushFolder } from '@enigma-worker/host';
export { openSealer, type SealingOptions } from './enclave/sealing/open-sealer.js';
export { resealStore } from './enclave/sealing/reseal-store.js';
export type { Sealer } from './enclave/sealing/sealer.js';
export { verifyWorker, type VerifyWorkerOptions } from './enclave/verify-worker.js';
export { openStore } from './store/open.js';
export type { Progress } from './store/progress.js';
export type { Store, StoreOptions } from './store/store.js';
export { backupStore, restoreStore } from './store/tools/backup.js';
export { readStats, type StoreStats } from './store/tools/stats.js';
export { StoreOnDemand } from './store/tools/store-on-demand.js';
export {
  exportContract,
  importContract,
  type ImportReport,
  type ImportTarget,
} from './store/tools/transfer.js';
export type { Problem, VerifyReport } from './store/tools/verify.js';
export type { Call, CallFailure, CallOutcome, CallSuccess, EthereumCall, StateReader } from './vm/call.js';
export { type ContractCode, Engine, type EngineOptions } from './vm/engine.js';
export type { ContractError, ContractErrorCode } from './vm/wasm/contract-error.js';
export { type Inspection, inspectModule } from './vm/wasm/inspect.js';
