export { backend } from '#backend';
export * from './bytes.js';
export * from './envelope.js';
export * from './errors.js';
export * from './hash.js';
export * from './hex.js';
export * from './random.js';
export * from './secp256k1.js';
export type { Backend } from './backend/backend.js';
