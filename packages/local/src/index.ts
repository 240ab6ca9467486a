export { LocalError, type LocalErrorCode } from './errors.js';
export { startLocalNetwork, type LocalNetwork, type LocalNetworkOptions } from './local-network.js';
export { startTestWorker, type TestContract, type TestDeployment, type TestWorker } from './test-worker.js';
