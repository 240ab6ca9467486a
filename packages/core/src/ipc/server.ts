import { Bag, type Bagged } from '../collections/bag.js';
import { silentLogger, type Logger } from '@enigma-worker/host';
import { DROPPED, FairQueue } from './fair-queue.js';
import { requireClientKeys } from './endpoint.js';
import { IpcError } from './errors.js';
import { Multipart, type MultipartLimits } from './multipart.js';
import { openTransport } from './open-transport.js';
import {
  type AllowListChange,
  type Frames,
  sizeOf,
  TOO_LONG,
  type Transport,
  type TransportOptions,
} from './transport.js';
import { within } from './within.js';

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
  /** The reply to something that is not read: it is no request at all, or too much is pending. */
  reject(why: string, outcome?: 'error' | 'refused'): Uint8Array;
  /** Told of large replies that left, whose memory nobody reads any more; not of every one. */
  sent?(reply: Uint8Array): void;
}

/** How much a server takes on. */
export type ServerLimits = MultipartLimits;

/** Options of a server besides those of its socket. */
export interface ServerOptions extends Omit<TransportOptions, 'denied' | 'sent' | 'gone'> {
  readonly limits: ServerLimits;
  /** How long, in ms, stopping waits for accepted work. */
  readonly stopTimeout: number;
  /** Ends what still runs then, in bounded time: its replies say what became of it. */
  readonly giveUp?: () => Promise<void>;
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
/** To a peer that is gone: it was not refused anything. */
const NO_REPLY = new Uint8Array(0);
/** How long, in ms, what was given up may take to say so. */
const LAST_WORDS = 1_000;
const NO_DELIMITER =
  'the empty frame between envelope and request is missing: connect a REQ socket, or send it first';
const UNFINISHED = 'the worker is stopping and could not finish this: it may have been carried out';

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
  readonly #multipart: Multipart;
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
      write: new FairQueue(oneLane),
      read: new FairQueue({ ...oneLane, running: BULK_READS, runningPerPeer: BULK_READS_PER_PEER }),
    };
    this.#multipart = new Multipart(
      {
        answer: (envelope, part) => this.#answerPart(envelope, part),
        reject: (why) => dispatcher.reject(why),
        refuse: (why) => {
          this.#refused++;
          return dispatcher.reject(why, 'refused');
        },
        send: (message) => transport.send(message),
        isGone: ([peer]) => peer !== undefined && transport.isGone?.(peer) === true,
      },
      limits,
    );
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
    const gone = (peer: Uint8Array): void => server.#dropPeer(nameOf(peer));
    const transport = await openTransport({ ...options, denied, sent, gone });
    const server: Server = new Server(transport, dispatcher, options);
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
    const queues = [...Object.values(this.#queues), this.#multipart.queue];
    const idle = Promise.all(queues.map((queue) => queue.whenIdle()));
    await within(this.#options.stopTimeout, idle);
    if (this.#open.size > 0) {
      this.#log.warn({ requests: this.#open.size }, 'stopping with requests unfinished');
      for (const queue of queues) queue.dropWaiting();
      await this.#options.giveUp?.();
      await within(LAST_WORDS, idle);
      for (const { work, answer } of this.#open.drain()) answer(work.refuse(UNFINISHED));
    }
    await this.#transport.close();
  }

  /** What a peer that is gone asked for, and nobody began, is not done: nobody would get the reply. */
  #dropPeer(name: string): void {
    for (const queue of [this.#queues.task, this.#queues.read, this.#multipart.queue]) queue.dropPeer(name);
  }

  /** Finds the requests in a message; the envelope goes back as it came. */
  #take(frames: Frames): void {
    const [peer, second, third] = frames;
    if (frames.length === 3 && peer !== undefined && second?.length === 0 && third !== undefined) {
      this.#answerOne([peer, second], third);
      return;
    }
    const delimiter = frames.findIndex((frame, at) => at > 0 && at < MAX_ENVELOPE && frame.length === 0);
    const end = Math.max(0, delimiter) + 1;
    const [envelope, parts] = [frames.slice(0, end), frames.slice(end)];
    if (delimiter < 0) this.#multipart.take(nameOf(peer), envelope, parts, NO_DELIMITER);
    else if (parts.length > 1) this.#multipart.take(nameOf(peer), envelope, parts);
    else this.#answerOne(envelope, parts[0] ?? new Uint8Array());
  }

  #answerOne(envelope: Uint8Array[], frame: Uint8Array): void {
    const begun = this.#begin(frame);
    if (begun instanceof Uint8Array) {
      envelope.push(begun);
      this.#transport.send(envelope);
      return;
    }
    this.#accept(begun, envelope, sizeOf(envelope) + frame.length, (reply) => {
      envelope.push(reply);
      this.#transport.send(envelope);
    });
  }

  #begin(frame: Uint8Array): Uint8Array | Work {
    if (frame !== TOO_LONG) return this.#dispatcher.begin(frame);
    return this.#dispatcher.reject(
      `message: expected at most ${this.#options.maxFrameBytes} bytes, got more`,
    );
  }

  #answerPart(envelope: Frames, part: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const begun = this.#begin(part);
    if (begun instanceof Uint8Array) return begun;
    return new Promise((resolve) => this.#accept(begun, envelope, part.length, resolve));
  }

  #accept(work: Work, envelope: Frames, bytes: number, answer: (reply: Uint8Array) => void): void {
    if (this.#stopping) {
      answer(work.refuse(DROPPED.stopping));
      return;
    }
    const accepted: Accepted = { work, answer, place: -1 };
    const isAccepted = this.#queues[work.kind].offer({
      peer: nameOf(envelope[0]),
      lane: work.lane,
      bytes,
      run: async () => {
        const reply = await work.run();
        if (this.#open.remove(accepted)) answer(reply);
      },
      dropped: (why) => {
        if (!this.#open.remove(accepted)) return;
        if (why === 'gone') answer(NO_REPLY);
        else this.#refuse(work, answer, DROPPED[why]);
      },
    });
    if (isAccepted) this.#open.add(accepted);
    else this.#refuse(work, answer, DROPPED.busy);
  }

  #refuse(work: Work, answer: (reply: Uint8Array) => void, why: string): void {
    this.#refused++;
    answer(work.refuse(why));
  }
}

function nameOf(peer: Uint8Array | undefined): string {
  return Buffer.from(peer ?? []).toString('latin1');
}
