export {
  type CallResult,
  type Client,
  connect,
  methodName,
  type MethodName,
  type Methods,
  type TaskOutcome,
  type TaskType,
} from './client.js';
export { ClientError, type ClientErrorCode } from './errors.js';
export type { CallOptions, ClientOptions, CurveClient } from './options.js';
