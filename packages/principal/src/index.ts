export * from './client.js';
export * from './errors.js';
export { type Logger, silentLogger } from '@enigma-worker/host';
export * from './principal.js';
export { type Epoch, parseEpochs } from './authorisation/epochs.js';
export type { RegistrationOptions } from './authorisation/registration.js';
export { backupPrincipal, restorePrincipal } from './secrets/backup.js';
export type { Sealer } from './secrets/sealer.js';
export { resealSecrets, rotateMasterSecret } from './secrets/vault.js';
