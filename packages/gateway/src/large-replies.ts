import type { ServerResponse } from 'node:http';
import { createJSONRPCErrorResponse, type JSONRPCResponse } from 'json-rpc-2.0';
import { SERVER_ERROR } from './params.js';

/** What is shorter, in characters, costs no more than its request did. */
const SMALL = 64 << 10;

/**
 * Bounds the large replies that are in memory at a time: a request of a few bytes can ask for a whole contract, a batch
 * for it a hundred times, and who asks need not read what comes.
 */
export class LargeReplies {
  readonly #most: number;
  #held = 0;

  /** @param most characters of all together; however large, one alone is always made */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Counts the answers to one HTTP request.
   * @param response where they go: they count until it is closed
   * @returns what gives an answer as it is or, where there is no room for it, an error in its place
   */
  to(response: ServerResponse): (answer: JSONRPCResponse | null) => JSONRPCResponse | null {
    let own = 0;
    let isOpen = !response.closed;
    response.once('close', () => {
      isOpen = false;
      this.#held -= own;
    });
    return (answer) => {
      const length = lengthOf(answer?.result);
      if (answer === null || length <= SMALL) return answer;
      // Nobody waits any more for what comes after the end.
      if (!isOpen || (this.#held > 0 && this.#held + length > this.#most)) {
        const message = 'Server error: too many large replies are under way, try again later';
        return createJSONRPCErrorResponse(answer.id, SERVER_ERROR, message);
      }
      own += length;
      this.#held += length;
      return answer;
    };
  }
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, each) => sum + lengthOf(each), 0);
}
