// The script of the thread that reads lists: a request in, the text of its reply out.
import { parentPort, workerData } from 'node:worker_threads';
import { type DeltaListType, parseRequest } from '@enigma-worker/protocol';
import { getAllTips } from '../../handlers/get-all-tips.js';
import { getDeltas } from '../../handlers/get-deltas.js';
import { getTips } from '../../handlers/get-tips.js';
import type { ListHandler } from '../../handlers/handler.js';
import { StoreError } from '../../store/errors.js';
import { openListReader } from '../../store/list-reader.js';
import { ReplyMemory } from '../reply-memory.js';
import { writeList } from '../write-list.js';
import type { FromReading, ReadingSetup, ToReading } from './messages.js';

if (parentPort === null) throw new Error('this is the script of a thread');
const port = parentPort;
const { folder, dialect, limits } = workerData as ReadingSetup;
const reader = openListReader(folder);
const handlers: Readonly<Record<DeltaListType, ListHandler<DeltaListType>>> = {
  GetDeltas: getDeltas(reader),
  GetTips: getTips(reader),
  GetAllTips: getAllTips(reader),
};
const memory = new ReplyMemory();

function send(message: FromReading, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

async function answer(number: number, frame: Uint8Array): Promise<void> {
  try {
    const { type, id, input } = parseRequest(frame, limits);
    // Only requests for lists are sent here.
    const handler = handlers[type as DeltaListType];
    reader.refresh();
    const reply = await writeList(
      { type: type as DeltaListType, id, input: input as never, handler },
      dialect,
      memory,
    );
    const { buffer, byteOffset, length } = reply;
    const whole = buffer as ArrayBuffer;
    send({ number, reply: new Uint8Array(whole, byteOffset, length) }, [whole]);
  } catch (error) {
    const code = error instanceof StoreError ? error.code : undefined;
    send({ number, code, message: error instanceof Error ? error.message : String(error) });
  }
}

/** Requests that are not answered yet. */
const inHand = new Set<Promise<void>>();

function begin(number: number, frame: Uint8Array): void {
  const answered = answer(number, frame).finally(() => inHand.delete(answered));
  inHand.add(answered);
}

async function close(): Promise<void> {
  await Promise.all(inHand);
  await reader.close();
  port.close();
}

port.on('message', (message: ToReading) => {
  if (message === 'close') void close();
  else if ('memory' in message) memory.keep(message.memory);
  else begin(message.number, message.frame);
});
send('ready');
