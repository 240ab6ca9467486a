export { isCurveKey } from './curve-key.js';
export * from './errors.js';
export * from './limits.js';
export * from './epoch.js';
export * from './key-exchange.js';
export * from './principal-rpc.js';
export * from './receipt.js';
export * from './selection.js';
export * from './task-key.js';
export { DeltaListWriter, type DeltaListType, type Memory } from './ipc/delta-list.js';
export type { Dialect } from './ipc/dialect.js';
export type { RequestId } from './ipc/envelope.js';
export {
  type FailedTaskResult,
  isMessageType,
  type Message,
  MESSAGE_TYPES,
  messages,
  type MessageType,
  type RequestOf,
  type ResultOf,
} from './ipc/messages.js';
export * from './ipc/reply.js';
export * from './ipc/request.js';
export { decodeMsgpack, encodeMsgpack, MsgpackReader, MsgpackWriter } from './msgpack.js';
export { applyOps, inRuns, Patcher } from './state/apply.js';
export {
  decodeDelta,
  type Delta,
  deltaHash,
  encodeDelta,
  openDelta,
  sealDelta,
  zeroHash,
} from './state/delta.js';
export { type Change, diff, diffWrites, type Op } from './state/diff.js';
export { StateError, type StateErrorCode } from './state/errors.js';
export {
  compareKeys,
  type Json,
  MAX_INTEGER,
  MAX_JSON_DEPTH,
  MAX_STATE_DEPTH,
  MIN_INTEGER,
  nestsWithin,
  sortedKeys,
} from './state/json.js';
export { parseJson, type ParseOptions } from './state/parse.js';
export { parsePointer } from './state/pointer.js';
export { printFloat, printJson } from './state/print.js';
export { decodeState, encodeState, type WholeState } from './state/whole-state.js';
