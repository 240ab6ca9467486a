export type { Enclave, EnclaveStats } from './enclave/enclave.js';
export { EnclaveError, type EnclaveErrorCode } from './enclave/errors.js';
export type { EnclaveOptions } from './enclave/options.js';
export { type AttestationOptions, openAttestation } from './enclave/attestation/open-attestation.js';
export {
  AttestationError,
  type AttestationErrorCode,
  type AttestationProvider,
} from './enclave/attestation/provider.js';
export { openSealer, type SealingOptions } from './enclave/sealing/open-sealer.js';
export {
  type Sealer,
  SealingError,
  type SealingErrorCode,
  type SealingMode,
} from './enclave/sealing/sealer.js';
export { type BindOptions, type CurveServer, DEFAULT_PORT } from './ipc/endpoint.js';
export type { AllowListChange } from './ipc/transport.js';
export { IpcError, type IpcErrorCode } from './ipc/errors.js';
export type { ServerLimits, ServerStats } from './ipc/server.js';
export { type Logger, silentLogger } from '@enigma-worker/host';
export { OpsError, type OpsErrorCode } from './ops/errors.js';
export type { HttpOptions } from './ops/http.js';
export {
  DEFAULT_QUEUE_LIMITS,
  type StoreInMemory,
  type WorkerModules,
  type WorkerOptions,
} from './options.js';
export { StoreError, type StoreErrorCode } from './store/errors.js';
export { startWorker, type Worker, type WorkerStats } from './worker.js';
