import { DROPPED, FairQueue, type QueueLimits } from './fair-queue.js';
import { type Frames, sizeOf } from './transport.js';

/** Bounds of messages with several requests. */
export interface MultipartLimits extends QueueLimits {
  /** Requests in one message. */
  readonly parts: number;
  /** Bytes of replies held because others to the same message are not there yet, of all peers together. */
  readonly replyBytes: number;
}

/** What answers the parts, and where the replies go. */
export interface MultipartModules {
  /** The reply to one request; never rejects. */
  readonly answer: (envelope: Frames, part: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  /** The reply to something that can never be taken. */
  readonly reject: (why: string) => Uint8Array;
  /** The reply to something that is not taken now. */
  readonly refuse: (why: string) => Uint8Array;
  readonly send: (frames: Uint8Array[]) => void;
  /** Whether nobody is there any more to whom the replies could go. */
  readonly isGone: (envelope: Frames) => boolean;
}

/** Messages of several requests that are answered side by side. */
const MESSAGES = 64;
const MESSAGES_PER_PEER = 4;
/** How long, in ms, the requests of one message are answered without a turn for others. */
const SLICE = 2;

/** Messages of several requests: each is answered with one message that has one part for each part. */
export class Multipart {
  readonly queue: FairQueue;
  readonly #modules: MultipartModules;
  readonly #limits: MultipartLimits;
  /** Bytes of replies that wait for others to the same message. */
  #held = 0;

  constructor(modules: MultipartModules, limits: MultipartLimits) {
    this.#modules = modules;
    this.#limits = limits;
    const running = { running: MESSAGES, runningPerPeer: MESSAGES_PER_PEER, runningPerLane: MESSAGES };
    this.queue = new FairQueue({ ...limits, ...running });
  }

  /**
   * Takes a message in its turn.
   * @param wrong why none of its requests can be taken
   */
  take(peer: string, envelope: Frames, parts: Frames, wrong = this.#tooMany(parts)): void {
    const refuse = (why: string): void => {
      this.#modules.send([...envelope, ...parts.map(() => this.#modules.refuse(why))]);
    };
    const isAccepted = this.queue.offer({
      peer,
      lane: '',
      bytes: sizeOf(envelope) + sizeOf(parts),
      run: () => this.#answer(envelope, parts, wrong),
      dropped: (why) => {
        if (why !== 'gone') refuse(DROPPED[why]);
      },
    });
    if (!isAccepted) refuse(DROPPED.busy);
  }

  #tooMany({ length }: Frames): string | undefined {
    const { parts } = this.#limits;
    return length > parts ? `${length} requests in one message: at most ${parts} are taken` : undefined;
  }

  /** One request after the other, as a REP socket would. */
  async #answer(envelope: Frames, parts: Frames, wrong: string | undefined): Promise<void> {
    const { answer, reject, send, isGone } = this.#modules;
    const { replyBytes } = this.#limits;
    const replies: Uint8Array[] = [];
    let bytes = 0;
    let slice = performance.now();
    for (const part of parts) {
      if (performance.now() - slice > SLICE) {
        await new Promise((resolve) => setImmediate(resolve));
        slice = performance.now();
      }
      if (isGone(envelope)) break;
      const why =
        this.#held > replyBytes
          ? `the replies to messages of several requests exceed ${replyBytes} bytes`
          : wrong;
      const reply = why === undefined ? await answer(envelope, part) : reject(why);
      bytes += reply.length;
      this.#held += reply.length;
      replies.push(reply);
    }
    this.#held -= bytes;
    send([...envelope, ...replies]);
  }
}
