import { type Limits, parseRequest, RequestError } from '@enigma-worker/protocol';

/** The UTF-8 bytes of a frame. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The error with which a frame is refused. */
export function refusalOf(frame: Uint8Array | string, limits?: Limits): RequestError {
  try {
    parseRequest(typeof frame === 'string' ? bytesOf(frame) : frame, limits);
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  throw new Error('the request was accepted');
}
