export { startGateway, type Gateway, type GatewayOptions } from './server.js';
export type { GatewayLimits } from './methods.js';
