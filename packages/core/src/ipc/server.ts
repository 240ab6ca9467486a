import { Bag, type Bagged } from '../collections/bag.js';
import { silentLogger, type Logger } from '@enigma-worker/host';
import { FairQueue, type QueueLimits } from './fair-queue.js';
import { requireClientKeys } from './endpoint.js';
import { IpcError } from './errors.js';
import { openTransport } from './open-transport.js';
import type { AllowListChange, Frames, Transport, TransportOptions } from './transport.js';

/** A request that takes its time: it is accepted and run, or refused. */
export interface Work {
  /** Work of one kind never waits for another. */
  readonly kind: 'read' | 'write' | 'task';
  /** Names what stays in order: the contract of a task. */
  readonly lane: string;
  /** The reply, whatever happens: never rejects. */
  run(): Promise<Uint8Array>;
  /** The reply that says it was not accepted. */
  refuse(why: string): Uint8Array;
}

/** Answers requests: knows messages, and nothing of peers, sockets and queues. */
export interface Dispatcher {
  /** Answers one request at once, or says what work it is. Never throws. */
  begin(frame: Uint8Array): Uint8Array | Work;
  /** The reply to something that is no request at all. */
  reject(why: string): Uint8Array;
  /** Told of large replies that left, whose memory nobody reads any more; not of every one. */
  sent?(reply: Uint8Array): void;
}

/** How much a server takes on. */
export interface ServerLimits extends QueueLimits {
  /** Requests in one message. */
  readonly parts: number;
  /** Bytes of all replies to one message. */
  readonly replyBytes: number;
}

/** Options of a server besides those of its socket. */
export interface ServerOptions extends Omit<TransportOptions, 'denied' | 'sent'> {
  readonly limits: ServerLimits;
  /** How long, in ms, stopping waits for accepted work. */
  readonly stopTimeout: number;
  readonly log?: Logger;
}

/** Work in hand, for metrics. */
export interface ServerStats {
  /** Tasks accepted and not answered. */
  readonly tasks: number;
  /** Tasks accepted and not yet handed to the executors. */
  readonly waiting: number;
  /** Writes and key exchanges accepted and not answered. */
  readonly writes: number;
  /** Reads of more than one thing accepted and not answered. */
  readonly reads: number;
  /** Requests refused because too much was pending. */
  readonly refused: number;
}

/** Work in hand, and who waits for it. */
interface Accepted extends Bagged {
  readonly work: Work;
  readonly answer: (reply: Uint8Array) => void;
}

/** Frames before the empty delimiter: the routing id and what REQ peers with correlation add. */
const MAX_ENVELOPE = 8;
/** Reads of many things done side by side: each holds its whole reply in memory. */
const BULK_READS = 8;
const BULK_READS_PER_PEER = 4;
/** How long, in ms, the requests of one message are answered without a turn for others. */
const SLICE = 2;
const NO_DELIMITER =
  'the empty frame between envelope and request is missing: connect a REQ socket, or send it first';
const STOPPING = 'the worker is stopping';

/**
 * The REP contract on a ROUTER socket: every message is answered with one message that has one part for each part
 * of the request, in any order of messages. Reads are answered where they arrive; tasks and writes are accepted into
 * bounded, fair queues or refused as `busy`.
 */
export class Server implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #dispatcher: Dispatcher;
  readonly #options: ServerOptions;
  readonly #log: Logger;
  readonly #queues: Readonly<Record<Work['kind'], FairQueue>>;
  /** What was accepted and is not answered. */
  readonly #open = new Bag<Accepted>();
  #refused = 0;
  #stopping = false;
  #closed: Promise<void> | undefined;

  private constructor(transport: Transport, dispatcher: Dispatcher, options: ServerOptions) {
    this.#transport = transport;
    this.#dispatcher = dispatcher;
    this.#options = options;
    this.#log = options.log ?? silentLogger;
    const { limits } = options;
    const oneLane = { ...limits, runningPerLane: limits.running };
    this.#queues = {
      task: new FairQueue(limits),
      write: new FairQueue({ ...oneLane, runningPerPeer: limits.running }),
      read: new FairQueue({ ...oneLane, running: BULK_READS, runningPerPeer: BULK_READS_PER_PEER }),
    };
  }

  /**
   * Binds and serves.
   *
   * @throws IpcError when the socket cannot be bound as asked.
   */
  static async start(options: ServerOptions, dispatcher: Dispatcher): Promise<Server> {
    const log = options.log ?? silentLogger;
    const denied = (publicKey: string): void =>
      log.warn({ publicKey }, 'peer turned away: its key is not allowed');
    const sent = (frame: Uint8Array): void => dispatcher.sent?.(frame);
    const server = new Server(await openTransport({ ...options, denied, sent }), dispatcher, options);
    server.#transport.start((frames) => server.#take(frames));
    return server;
  }

  /** Where it listens, with the port that was taken if any was asked. */
  get endpoint(): string {
    return this.#transport.endpoint;
  }

  stats(): ServerStats {
    const { task, write, read } = this.#queues;
    return {
      tasks: task.pending,
      waiting: task.waiting,
      writes: write.pending,
      reads: read.pending,
      refused: this.#refused,
    };
  }

  /**
   * Puts another list in place of the keys that may connect.
   * @throws IpcError `BAD_CURVE_KEY`, `NO_CURVE`, and nothing is changed
   */
  async allowClients(keys: readonly string[]): Promise<AllowListChange> {
    requireClientKeys(keys);
    if (this.#transport.allow === undefined) throw new IpcError('NO_CURVE', 'this socket asks for no keys');
    return await this.#transport.allow(keys);
  }

  /** Refuses new work, ends and answers what was accepted, in bounded time, and closes. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#stop();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #stop(): Promise<void> {
    this.#stopping = true;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#options.stopTimeout);
    });
    await Promise.race([Promise.all(Object.values(this.#queues).map((queue) => queue.whenIdle())), patience]);
    clearTimeout(timer);
    if (this.#open.size > 0)
      this.#log.warn({ requests: this.#open.size }, 'stopping with requests unfinished');
    for (const { work, answer } of this.#open.drain()) answer(work.refuse(STOPPING));
    await this.#transport.close();
  }

  /** Finds the requests in a message; the envelope goes back as it came. */
  #take(frames: Frames): void {
    const [peer, second, third] = frames;
    if (frames.length === 3 && peer !== undefined && second?.length === 0 && third !== undefined) {
      this.#answerOne([peer, second], third);
      return;
    }
    const delimiter = frames.findIndex((frame, at) => at > 0 && at < MAX_ENVELOPE && frame.length === 0);
    if (delimiter < 0) {
      this.#transport.send([
        ...frames.slice(0, 1),
        ...frames.slice(1).map(() => this.#dispatcher.reject(NO_DELIMITER)),
      ]);
      return;
    }
    const envelope = frames.slice(0, delimiter + 1);
    const parts = frames.slice(delimiter + 1);
    if (parts.length <= 1) this.#answerOne(envelope, parts[0] ?? new Uint8Array());
    else void this.#answerMany(envelope, parts);
  }

  #answerOne(envelope: Uint8Array[], frame: Uint8Array): void {
    const begun = this.#dispatcher.begin(frame);
    if (begun instanceof Uint8Array) {
      envelope.push(begun);
      this.#transport.send(envelope);
      return;
    }
    this.#accept(begun, envelope, frame.length, (reply) => {
      envelope.push(reply);
      this.#transport.send(envelope);
    });
  }

  /** The requests of one message are answered one after the other, as by a REP socket. */
  async #answerMany(envelope: Uint8Array[], parts: Frames): Promise<void> {
    const { limits } = this.#options;
    const replies: Uint8Array[] = [];
    let bytes = 0;
    let slice = performance.now();
    for (const part of parts) {
      if (performance.now() - slice > SLICE) {
        await new Promise((resolve) => setImmediate(resolve));
        slice = performance.now();
      }
      let reply: Uint8Array;
      if (parts.length > limits.parts) {
        reply = this.#dispatcher.reject(
          `${parts.length} requests in one message: at most ${limits.parts} are taken`,
        );
      } else if (bytes > limits.replyBytes) {
        reply = this.#dispatcher.reject(`the replies to this message exceed ${limits.replyBytes} bytes`);
      } else {
        reply = await this.#answerPart(envelope, part);
      }
      bytes += reply.length;
      replies.push(reply);
    }
    this.#transport.send([...envelope, ...replies]);
  }

  #answerPart(envelope: Frames, part: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const begun = this.#dispatcher.begin(part);
    if (begun instanceof Uint8Array) return begun;
    return new Promise((resolve) => this.#accept(begun, envelope, part.length, resolve));
  }

  #accept(work: Work, envelope: Frames, bytes: number, answer: (reply: Uint8Array) => void): void {
    if (this.#stopping) {
      answer(work.refuse(STOPPING));
      return;
    }
    const accepted: Accepted = { work, answer, place: -1 };
    const isAccepted = this.#queues[work.kind].offer({
      peer: Buffer.from(envelope[0] ?? []).toString('latin1'),
      lane: work.lane,
      bytes,
      run: async () => {
        const reply = await work.run();
        if (this.#open.remove(accepted)) answer(reply);
      },
    });
    if (isAccepted) {
      this.#open.add(accepted);
    } else {
      this.#refused++;
      answer(work.refuse('busy: too many requests are pending, try again'));
    }
  }
}
