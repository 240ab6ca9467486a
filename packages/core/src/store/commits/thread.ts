// The script of the commit thread: all that comes while a flush is under way shares the next one.
import { parentPort, workerData } from 'node:worker_threads';
import { Database } from '../database.js';
import { StoreError } from '../errors.js';
import { Writes } from '../writes.js';
import { Gathering } from './gathering.js';
import type { CommitThreadSetup, FailedCommit, FromCommitThread, ToCommitThread } from './messages.js';
import { decodeCommit } from './task-codec.js';

if (parentPort === null) throw new Error('this is the script of a thread');
const port = parentPort;
const { folder } = workerData as CommitThreadSetup;

let stored: number[] = [];
let failed: FailedCommit[] = [];
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
  if (stored.length + failed.length > 1) return;
  queueMicrotask(() => {
    send({ stored, failed, flushes, failures });
    stored = [];
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
    await database.write(() => writes.commitTask(decodeCommit(bytes), undefined));
    stored.push(number);
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
  for (const [at, number] of message.numbers.entries()) void commit(number, message.commits[at]!);
});
send('ready');
