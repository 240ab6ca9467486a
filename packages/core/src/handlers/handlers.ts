import type { Enclave } from '../enclave/enclave.js';
import type { Store } from '../store/store.js';
import { computeTask } from './compute-task.js';
import { deploySecretContract } from './deploy-secret-contract.js';
import { estimateTask } from './estimate-task.js';
import { getAllAddrs } from './get-all-addrs.js';
import { getAllTips } from './get-all-tips.js';
import { getContract } from './get-contract.js';
import { getDelta } from './get-delta.js';
import { getDeltas } from './get-deltas.js';
import { getPttRequest } from './get-ptt-request.js';
import { getRegistrationParams } from './get-registration-params.js';
import { getTip } from './get-tip.js';
import { getTips } from './get-tips.js';
import type { Handlers } from './handler.js';
import { newTaskEncryptionKey } from './new-task-encryption-key.js';
import { pttResponse } from './ptt-response.js';
import { removeContract } from './remove-contract.js';
import { removeDeltas } from './remove-deltas.js';
import { updateDeltas } from './update-deltas.js';
import { updateNewContract } from './update-new-contract.js';
import { updateNewContractOnDeployment } from './update-new-contract-on-deployment.js';

/** A handler for each message: the only place that joins enclave and store. */
export function createHandlers(enclave: Enclave, store: Store): Handlers {
  return {
    GetRegistrationParams: getRegistrationParams(enclave),
    GetTip: getTip(store),
    GetTips: getTips(store),
    GetAllTips: getAllTips(store),
    GetAllAddrs: getAllAddrs(store),
    GetDelta: getDelta(store),
    GetDeltas: getDeltas(store),
    GetContract: getContract(store),
    UpdateNewContract: updateNewContract(enclave, store),
    UpdateNewContractOnDeployment: updateNewContractOnDeployment(enclave, store),
    RemoveContract: removeContract(enclave, store),
    UpdateDeltas: updateDeltas(enclave, store),
    RemoveDeltas: removeDeltas(enclave, store),
    GetPTTRequest: getPttRequest(enclave),
    PTTResponse: pttResponse(enclave),
    NewTaskEncryptionKey: newTaskEncryptionKey(enclave),
    DeploySecretContract: deploySecretContract(enclave),
    ComputeTask: computeTask(enclave),
    EstimateTask: estimateTask(enclave),
  };
}
