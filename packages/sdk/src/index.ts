export type { ConstructorArguments } from './abi.js';
export { callContract, type CallParameters, type CallResult } from './actions/callContract.js';
export { decryptFailure } from './actions/decryptFailure.js';
export {
  deployContract,
  type AbiDeployParameters,
  type DeployOptions,
  type DeployParameters,
  type Deployment,
} from './actions/deployContract.js';
export { estimateGas } from './actions/estimateGas.js';
export { openTask, type OpenTask } from './actions/openTask.js';
export { isReceiptOf, receiptBytes, verifyReceipt, type ReceiptEvidence } from './actions/verifyReceipt.js';
export { waitFor, type WaitForContract, type WaitForTask, type WaitOptions } from './actions/waitFor.js';
export { createClient, type ClientOptions, type EnigmaClient, type TaskNotice } from './client.js';
export { getContract, type CallOptions, type ContractHandle, type Written } from './contract.js';
export { SdkError, TaskFailedError, type SdkErrorCode } from './errors.js';
export { decodeResult, encodeArguments, parseFunction, parseTypes, type FunctionText } from './function.js';
export { DEFAULT_GAS_LIMIT } from './gas.js';
export { http, type HttpOptions } from './transports/http.js';
export type {
  Estimate,
  FailedTask,
  RequestOptions,
  TaskOutcome,
  TaskStatus,
  Transport,
} from './transport.js';
