export { syncKeys, type SyncKeysParameters, type UnbuiltContract } from './sync-keys.js';
export { startGateway, type Gateway, type GatewayOptions } from './server.js';
export type { GatewayLimits } from './methods.js';
