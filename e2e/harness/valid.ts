import { generateKeyPair, toHex } from '@enigma-worker/crypto';
import type { MessageType } from '@enigma-worker/protocol';

/** Wire fields of a message. */
export type Fields = Record<string, unknown>;

const NOWHERE = 'ab'.repeat(32);

/**
 * A request of each type that is well formed and changes nothing: contracts that do not exist, or empty lists.
 * Fresh objects, so that they may be bent.
 */
export function validRequests(): Record<MessageType, Fields> {
  const userPubKey = toHex(generateKeyPair().publicKey);
  const task = {
    encryptedArgs: '00',
    encryptedFn: '00'.repeat(40),
    userDHKey: userPubKey,
    gasLimit: 1000,
    contractAddress: NOWHERE,
  };
  const delta = { address: NOWHERE, key: 0, data: [1, 2, 3] };
  const range = { address: NOWHERE, from: 0, to: 1 };
  return {
    GetRegistrationParams: {},
    GetTip: { input: NOWHERE },
    GetTips: { input: [NOWHERE] },
    GetAllTips: {},
    GetAllAddrs: {},
    GetDelta: { input: { address: NOWHERE, key: 0 } },
    GetDeltas: { input: [range] },
    GetContract: { input: NOWHERE },
    UpdateNewContract: { address: NOWHERE, bytecode: [0, 1] },
    UpdateNewContractOnDeployment: { address: NOWHERE, bytecode: '0001', delta: { key: 0, data: [1] } },
    RemoveContract: { address: NOWHERE },
    UpdateDeltas: { deltas: [delta] },
    RemoveDeltas: { input: [range] },
    GetPTTRequest: { addresses: [NOWHERE] },
    PTTResponse: { response: '00'.repeat(40), sig: '00'.repeat(65) },
    NewTaskEncryptionKey: { userPubKey },
    DeploySecretContract: { input: { ...task, preCode: [0, 97, 115, 109] } },
    ComputeTask: { input: task },
    EstimateTask: { input: task },
  };
}

/** Messages whose well-formed request changes the store. */
export const WRITES: ReadonlySet<string> = new Set([
  'UpdateNewContract',
  'UpdateNewContractOnDeployment',
  'UpdateDeltas',
]);
