import { toHex } from '@enigma-worker/crypto';
import {
  type DeltaListType,
  type Dialect,
  encodeError,
  encodeFailedTask,
  encodeReply,
  type IncomingRequest,
  type Limits,
  type MessageType,
  parseRequest,
  RequestError,
  type RequestId,
} from '@enigma-worker/protocol';
import { expectedCode } from '../handlers/errors.js';
import type {
  DryRunHandler,
  Handlers,
  InstantHandler,
  ListHandler,
  SlowHandler,
  TaskHandler,
  TaskReply,
} from '../handlers/handler.js';
import type { ListThreads } from '../lists/list-threads.js';
import { ReplyMemory } from '../lists/reply-memory.js';
import { writeList } from '../lists/write-list.js';
import { type Logger, silentLogger } from '@enigma-worker/host';
import { type FailureCode, FailureLog, isFailureCode } from './failure-log.js';
import type { Dispatcher, Work } from './server.js';

/** How a request ended, for metrics. */
export type RequestOutcome = 'result' | 'failedTask' | 'error' | 'refused';

/** Told of each answer, for metrics. */
export interface RequestObserver {
  /** `unknown` when the type could not be read; seconds since the request arrived. */
  answered(type: MessageType | 'unknown', outcome: RequestOutcome, seconds: number): void;
  usedGas(type: MessageType, amount: bigint): void;
  /** A request could not be served because the machine failed. */
  broke(code: FailureCode): void;
}

/** Options of dispatch. */
export interface DispatchOptions {
  readonly dialect: Dialect;
  readonly limits: Limits;
  readonly log?: Logger;
  readonly observer?: RequestObserver;
  /** Answers requests for long lists; without it they are answered here. */
  readonly lists?: Pick<ListThreads, 'reply' | 'sent'>;
}

type AnyHandler =
  | InstantHandler<never>
  | SlowHandler<never>
  | DryRunHandler<never>
  | ListHandler<DeltaListType>
  | TaskHandler<never>;

interface Head {
  readonly type: MessageType;
  readonly id: RequestId;
  readonly since: number;
}

/** A list of more deltas than this would hold up others for a millisecond. */
const SHORT_LIST = 500;
/** As much of an id as is written to a log: a peer chooses it. */
const LOGGED_ID = 64;
const BUG = 'internal error: it was logged';

/** Requests in, replies out. The only place where errors become messages. */
export class Dispatch implements Dispatcher {
  readonly #handlers: Handlers;
  readonly #options: DispatchOptions;
  readonly #log: Logger;
  readonly #failures: FailureLog;
  readonly #memory = new ReplyMemory();

  constructor(handlers: Handlers, options: DispatchOptions) {
    this.#handlers = handlers;
    this.#options = options;
    this.#log = options.log ?? silentLogger;
    this.#failures = new FailureLog(this.#log);
  }

  readonly #take = (bytes: number): Uint8Array => this.#memory.take(bytes);

  begin(frame: Uint8Array): Uint8Array | Work {
    const since = this.#options.observer === undefined ? 0 : performance.now();
    let request: IncomingRequest;
    try {
      request = parseRequest(frame, this.#options.limits, this.#options.dialect);
    } catch (error) {
      return this.#unreadable(error, since);
    }
    const input = request.input as never;
    const head = { type: request.type, id: request.id, since };
    // The table pairs each type with the handler of its requests; from here on the pair is kept together.
    const handler: AnyHandler = this.#handlers[request.type];
    switch (handler.work) {
      case 'instant':
        return this.#answerNow(head, handler, input);
      case 'task':
        return this.#task(head, handler, input);
      case 'list':
        return this.#list(head, handler, input, frame);
      case 'read':
      case 'write':
        return this.#later(head, handler, input, { kind: handler.work, lane: '' });
      case 'dry run':
        return this.#later(head, handler, input, { kind: 'task', lane: toHex(handler.contract(input)) });
    }
  }

  reject(why: string, outcome: 'error' | 'refused' = 'error'): Uint8Array {
    this.#options.observer?.answered('unknown', outcome, 0);
    return encodeError({ id: null }, why, this.#options.dialect);
  }

  sent(reply: Uint8Array): void {
    this.#options.lists?.sent(reply);
    this.#memory.giveBack(reply);
  }

  #answerNow(head: Head, handler: InstantHandler<never>, input: never): Uint8Array {
    try {
      const reply = encodeReply(head.type, head.id, handler.answer(input), this.#options.dialect);
      this.#observe(head, 'result');
      return reply;
    } catch (error) {
      return this.#failed(head, error);
    }
  }

  #later(
    head: Head,
    handler: SlowHandler<never> | DryRunHandler<never>,
    input: never,
    place: Pick<Work, 'kind' | 'lane'>,
  ): Work {
    return {
      ...place,
      run: async () => {
        try {
          const result = await handler.answer(input);
          const reply = encodeReply(head.type, head.id, result, this.#options.dialect, this.#take);
          this.#observe(head, 'result');
          return reply;
        } catch (error) {
          return this.#failed(head, error);
        }
      },
      refuse: (why) => this.#refused(head, why),
    };
  }

  #list(head: Head, handler: ListHandler<DeltaListType>, input: never, frame: Uint8Array): Work {
    const { lists, dialect } = this.#options;
    const type = head.type as DeltaListType;
    // A frame is its sender's again when this returns.
    const copy = new Uint8Array(frame);
    return {
      kind: 'read',
      lane: '',
      run: async () => {
        try {
          const isLong = lists !== undefined && handler.size(input) > SHORT_LIST;
          const reply = await ((isLong ? lists.reply(copy) : undefined) ??
            writeList({ type, id: head.id, input, handler }, dialect, this.#memory));
          this.#observe(head, 'result');
          return reply;
        } catch (error) {
          return this.#failed(head, error);
        }
      },
      refuse: (why) => this.#refused(head, why),
    };
  }

  #task(head: Head, handler: TaskHandler<never>, input: never): Work {
    return {
      kind: 'task',
      lane: toHex(handler.contract(input)),
      run: async () => {
        try {
          return this.#taskReply(head, await handler.answer(input));
        } catch (error) {
          return this.#failed(head, error);
        }
      },
      refuse: (why) => this.#refused(head, why),
    };
  }

  #taskReply(head: Head, reply: TaskReply): Uint8Array {
    const { dialect } = this.#options;
    const done = reply.kind === 'done';
    this.#observe(head, done ? 'result' : 'failedTask');
    this.#options.observer?.usedGas(head.type, reply.result.usedGas);
    return done
      ? encodeReply(head.type, head.id, reply.result, dialect)
      : encodeFailedTask(head.id, reply.result, dialect);
  }

  #unreadable(error: unknown, since: number): Uint8Array {
    const { observer, dialect } = this.#options;
    const known = error instanceof RequestError ? error : undefined;
    if (known === undefined) this.#log.error({ err: error }, 'a request could not be parsed: this is a bug');
    observer?.answered(known?.type ?? 'unknown', 'error', (performance.now() - since) / 1000);
    return encodeError({ id: known?.id ?? null, type: known?.type }, known?.message ?? BUG, dialect);
  }

  #failed(head: Head, error: unknown): Uint8Array {
    this.#observe(head, 'error');
    const code = expectedCode(error);
    const { type } = head;
    const id = logged(head.id);
    const text = code === undefined ? BUG : (error as Error).message;
    if (code === undefined) {
      this.#log.error({ type, id, err: error }, 'request failed: this is a bug');
    } else if (isFailureCode(code)) {
      this.#options.observer?.broke(code);
      this.#failures.tell(code, { type, id, reason: text });
    } else {
      this.#log.debug({ type, id, code }, 'request failed');
    }
    return encodeError(head, text, this.#options.dialect);
  }

  #refused(head: Head, why: string): Uint8Array {
    this.#observe(head, 'refused');
    this.#log.debug({ type: head.type, id: logged(head.id) }, why);
    return encodeError(head, why, this.#options.dialect);
  }

  #observe({ type, since }: Head, outcome: RequestOutcome): void {
    this.#options.observer?.answered(type, outcome, (performance.now() - since) / 1000);
  }
}

function logged(id: RequestId): string {
  return String(id).slice(0, LOGGED_ID);
}
