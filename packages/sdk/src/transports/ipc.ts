import { connect, type ClientOptions } from '@enigma-worker/client';
import type { Transport } from '../transport.js';

/**
 * Straight to a core over ZeroMQ: for Node.
 * @param endpoint for example `tcp://127.0.0.1:5552`
 */
export function ipc(endpoint: string, options: ClientOptions = {}): Transport {
  const client = connect(endpoint, options);
  return {
    getRegistrationParams: (bounds) => client.getRegistrationParams({}, bounds),
    newTaskEncryptionKey: (userPubKey, bounds) => client.newTaskEncryptionKey({ userPubKey }, bounds),
    deploySecretContract: (input, bounds) => client.deploySecretContract({ input }, bounds),
    computeTask: (input, bounds) => client.computeTask({ input }, bounds),
    getContract: (input, bounds) => client.getContract({ input }, bounds),
    getTip: (input, bounds) => client.getTip({ input }, bounds),
    getDelta: (address, key, bounds) => client.getDelta({ input: { address, key } }, bounds),
    async estimate(input, bounds) {
      const { status, usedGas } = await client.estimateTask({ input }, bounds);
      return { usedGas, failed: status !== 0 };
    },
    close: () => client.close(),
  };
}
