import { type Body, type BodyOf, result, status, written } from './body.js';
import { hex, ints, intsOrHex } from './codec/bytes.js';
import { hexOrBase64, listWithoutPlaceholders, withDefault } from './codec/lenient.js';
import { alone, list } from './codec/list.js';
import { lenientInteger, lenientU32, rangeEnd, u32, u64 } from './codec/numbers.js';
import { object, optional } from './codec/object.js';
import { preCode } from './codec/precode.js';
import { pttResponse } from './ptt-response.js';
import { type Limits, MAX_DELTA_BYTES } from '../limits.js';

/** One message: the fields of its request and of its reply, beside `id` and `type`. */
export interface Message<Request, Result> {
  readonly request: Body<Request>;
  readonly reply: Body<Result>;
}

function message<Request, Result>(request: Body<Request>, reply: Body<Result>): Message<Request, Result> {
  return { request, reply };
}

const address = hex({ length: 32 });
const publicKey = hex({ length: 64 });
const signature = hex({ length: 65 });
const bytecodeSize = { most: (limits: Limits) => limits.bytecodeBytes };
const deltaData = ints({ most: () => MAX_DELTA_BYTES });
const nothing = object({});

const delta = object({ address, key: u32, data: deltaData });
/** A delta in a reply; `DeltaListWriter` writes it too. */
const deltaReply = object({ address, key: lenientU32, data: ints() });
const range = object({ address, from: u32, to: rangeEnd });
const tips = result(object({ tips: list(deltaReply) }));

const contractStatus = written(object({ address }), object({ status }));
/** The deployed workers report a state that could not be removed under the key -1. */
const deltaErrors = list(object({ address, key: lenientInteger(-1, 0xffff_ffff), status }));
const deltaStatuses = written(nothing, object({ status, errors: withDefault(deltaErrors, []) }));

const taskInput = {
  encryptedArgs: hex(),
  encryptedFn: hex(),
  userDHKey: publicKey,
  gasLimit: u64,
  contractAddress: address,
};
/** No `data` means that the task changed nothing. */
const taskDelta = object({ key: lenientU32, data: optional(ints()) });
const ethereumCall = { ethereumPayload: hex(), ethereumAddress: hex({ length: 20 }) };

/**
 * Every message between a worker's core and its peers, defined once: parsing, encoding, the server's dispatch
 * and the typed client all come from this table.
 * Source: docs/protocol.md, "Messages".
 */
export const messages = {
  GetRegistrationParams: message(
    nothing,
    result(object({ signingKey: hex({ length: 20 }), report: hex(), signature: hexOrBase64 })),
  ),

  GetTip: message(object({ input: alone(address) }), result(object({ key: lenientU32, data: ints() }))),
  GetTips: message(object({ input: list(address) }), tips),
  GetAllTips: message(nothing, tips),
  GetAllAddrs: message(nothing, result(object({ addresses: list(address) }))),
  GetDelta: message(
    object({ input: alone(object({ address, key: u32 }), 'seed') }),
    result(object({ delta: intsOrHex('v0.3') })),
  ),
  GetDeltas: message(
    object({ input: list(range) }),
    result(object({ deltas: listWithoutPlaceholders(deltaReply) })),
  ),
  GetContract: message(
    object({ input: address }),
    result(
      object({ address: optional(address), bytecode: withDefault(ints(bytecodeSize), new Uint8Array(0)) }),
    ),
  ),

  UpdateNewContract: message(object({ address, bytecode: ints(bytecodeSize) }), contractStatus),
  UpdateNewContractOnDeployment: message(
    object({ address, bytecode: hex(bytecodeSize), delta: object({ key: u32, data: deltaData }) }),
    contractStatus,
  ),
  RemoveContract: message(object({ address }), contractStatus),
  UpdateDeltas: message(object({ deltas: list(delta) }), deltaStatuses),
  RemoveDeltas: message(object({ input: list(range) }), deltaStatuses),

  GetPTTRequest: message(
    // Peers of version 0.3 name them to the principal node instead.
    object({ addresses: optional(list(address), 'seed') }),
    result(object({ request: hex(), workerSig: signature })),
  ),
  PTTResponse: message(pttResponse, result(object({ errors: list(object({ address, status })) }))),

  NewTaskEncryptionKey: message(
    object({ userPubKey: publicKey }),
    result(object({ workerEncryptionKey: publicKey, workerSig: signature })),
  ),
  DeploySecretContract: message(
    object({ input: object({ preCode, ...taskInput }) }),
    result(
      object({
        output: hex(),
        preCodeHash: hex({ length: 32 }),
        delta: taskDelta,
        usedGas: u64,
        ...ethereumCall,
        signature,
      }),
    ),
  ),
  ComputeTask: message(
    object({ input: object(taskInput) }),
    result(object({ output: hex(), delta: taskDelta, usedGas: u64, ...ethereumCall, signature })),
  ),
  // Not of the original protocol: what a ComputeTask would use, with nothing kept and nothing signed.
  EstimateTask: message(
    object({ input: object(taskInput) }),
    result(object({ status, output: hex(), usedGas: u64 })),
  ),
} as const;

/** The reply to a deployment or computation that failed: signed, and its text encrypted for the user. */
export const failedTask = result(object({ output: hex(), usedGas: u64, signature }));

/** The `type` of a request. */
export type MessageType = keyof typeof messages;

/** The fields of a request beside `id` and `type`, converted: byte strings as bytes, gas as bigint. */
export type RequestOf<T extends MessageType> = BodyOf<(typeof messages)[T]['request']>;

/** What a request is answered with when all goes well, converted as {@link RequestOf} is. */
export type ResultOf<T extends MessageType> = BodyOf<(typeof messages)[T]['reply']>;

/** The result of a failed task. */
export type FailedTaskResult = BodyOf<typeof failedTask>;

/** The names of all messages. */
export const MESSAGE_TYPES = Object.keys(messages) as readonly MessageType[];

/** Whether a text names a message. */
export function isMessageType(type: string): type is MessageType {
  return Object.hasOwn(messages, type);
}
