// The script of the commit thread: all that comes while a flush is under way shares the next one.
import { parentPort, workerData } from 'node:worker_threads';
import { Database } from '../database.js';
import { StoreError } from '../errors.js';
import { Writes } from '../writes.js';
import { Gathering } from './gathering.js';
import type {
  CommitThreadSetup,
  FailedOperation,
  FromCommitThread,
  PartlyStored,
  ToCommitThread,
} from './messages.js';
import { decodeOperation } from './operation-codec.js';
import { perform } from './perform.js';

if (parentPort === null) throw new Error('this is the script of a thread');
const port = parentPort;
const { folder } = workerData as CommitThreadSetup;

let stored: number[] = [];
let partly: PartlyStored[] = [];
let failed: FailedOperation[] = [];
let flushes: { seconds: number; operations: number }[] = [];
let failures = 0;

const observer = {
  committed: (seconds: number, operations: number): void => {
    flushes.push({ seconds, operations });
  },
  failed: (): void => {
    failures++;
  },
};
const gathering = new Gathering();
const database = Database.open(folder, { mode: 'write', observer, commits: 'here', gathering });
const writes = new Writes(database);

/** What one flush settles goes out in one message. */
function report(): void {
  if (stored.length + partly.length + failed.length > 1) return;
  queueMicrotask(() => {
    send({ stored, partly, failed, flushes, failures });
    stored = [];
    partly = [];
    failed = [];
    flushes = [];
    failures = 0;
  });
}

function send(message: FromCommitThread): void {
  port.postMessage(message);
}

async function commit(number: number, bytes: Uint8Array): Promise<void> {
  try {
    const refused = await database.write(() => perform(writes, decodeOperation(bytes)));
    if (refused.length === 0) stored.push(number);
    else partly.push({ number, refused });
  } catch (error) {
    const { code, message } =
      error instanceof StoreError ? error : new StoreError('IO', `nothing was stored: ${String(error)}`);
    failed.push({ number, code, message });
  }
  report();
}

port.on('message', (message: ToCommitThread) => {
  if (message === 'close') {
    void database.close().then(() => port.close());
    return;
  }
  for (const [at, number] of message.numbers.entries()) void commit(number, message.operations[at]!);
});
send('ready');
