import { FieldReader, FieldWriter } from '../../bytes/fields.js';
import { readChange, writeChange } from '../change-codec.js';
import type { TaskChange, TaskCommit } from '../records.js';

/** The commit of a computation: one with bytecode is a deployment's, and does not travel. */
export type ComputeCommit = Omit<TaskCommit, 'bytecode'>;

/** More than all fields of fixed size take. */
const FIXED_BYTES = 400;
/** The same for each value written. */
const WRITE_BYTES = 40;

/** A commit as bytes of their own, to be handed to another thread. */
export function encodeCommit(commit: ComputeCommit): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(mostBytes(commit));
  const writer = new FieldWriter(bytes);
  writer.bytes(commit.address);
  writeChange(writer, commit);
  return bytes;
}

/** Reads what {@link encodeCommit} wrote. */
export function decodeCommit(bytes: Uint8Array): ComputeCommit {
  const reader = new FieldReader(bytes);
  return { address: reader.bytes(), ...readChange(reader) };
}

function mostBytes({ delta, state }: TaskChange): number {
  let bytes = FIXED_BYTES + delta.length;
  for (const { value } of state.writes) bytes += WRITE_BYTES + (value?.length ?? 0);
  return bytes;
}
