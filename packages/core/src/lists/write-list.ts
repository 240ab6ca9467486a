import {
  type DeltaListType,
  DeltaListWriter,
  type Dialect,
  type Memory,
  type RequestId,
} from '@enigma-worker/protocol';
import type { ListHandler } from '../handlers/handler.js';

/** A request for a list, and how to answer it. */
export interface ListRequest {
  readonly type: DeltaListType;
  readonly id: RequestId;
  readonly input: never;
  readonly handler: ListHandler<DeltaListType>;
}

/** The reply to a request for a list, written delta by delta. @throws what the handler throws */
export async function writeList(
  { type, id, input, handler }: ListRequest,
  dialect: Dialect,
  memory: Memory,
): Promise<Uint8Array> {
  const list = new DeltaListWriter(type, id, dialect, memory);
  try {
    await handler.answer(input, list);
  } catch (error) {
    list.discard();
    throw error;
  }
  return list.finish();
}
