import { FieldReader, FieldWriter } from '../../bytes/fields.js';
import { readChange, writeChange } from '../change-codec.js';
import type { DeltaEntry, TaskChange, TaskCommit } from '../records.js';

/** What the commit thread is asked to store: what a computation changed, or deltas of others. */
export type Operation =
  | { readonly kind: 'task'; readonly commit: ComputeCommit }
  | { readonly kind: 'deltas'; readonly deltas: readonly DeltaEntry[] };

/** The commit of a computation: one with bytecode is a deployment's, and does not travel. */
export type ComputeCommit = Omit<TaskCommit, 'bytecode'>;

const TASK = 0;
const DELTAS = 1;

/** More than all fields of fixed size take. */
const FIXED_BYTES = 400;
/** The same for each value written, and for each delta. */
const WRITE_BYTES = 40;
const DELTA_BYTES = 60;

/** An operation as bytes of their own, to be handed to another thread. */
export function encodeOperation(operation: Operation): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(mostBytes(operation));
  const writer = new FieldWriter(bytes);
  if (operation.kind === 'task') {
    writer.number(TASK);
    writer.bytes(operation.commit.address);
    writeChange(writer, operation.commit);
  } else {
    writer.number(DELTAS);
    writer.number(operation.deltas.length);
    for (const { address, key, data } of operation.deltas) {
      writer.bytes(address);
      writer.number(key);
      writer.bytes(data);
    }
  }
  return bytes;
}

/** Reads what {@link encodeOperation} wrote; what it gives are views of the bytes. */
export function decodeOperation(bytes: Uint8Array): Operation {
  const reader = new FieldReader(bytes, 'kept');
  if (reader.number() === TASK) {
    const address = reader.bytes();
    const { delta, state } = readChange(reader);
    return { kind: 'task', commit: { address, delta, state } };
  }
  const deltas: DeltaEntry[] = [];
  for (let left = reader.number(); left > 0; left--)
    deltas.push({ address: reader.bytes(), key: reader.number(), data: reader.bytes() });
  return { kind: 'deltas', deltas };
}

function mostBytes(operation: Operation): number {
  return operation.kind === 'task' ? taskBytes(operation.commit) : deltasBytes(operation.deltas);
}

function taskBytes({ delta, state }: TaskChange): number {
  let bytes = FIXED_BYTES + delta.length;
  for (const { value } of state.writes) bytes += WRITE_BYTES + (value?.length ?? 0);
  return bytes;
}

function deltasBytes(deltas: readonly DeltaEntry[]): number {
  let bytes = FIXED_BYTES;
  for (const { data } of deltas) bytes += DELTA_BYTES + data.length;
  return bytes;
}
