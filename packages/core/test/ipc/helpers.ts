import { type Dispatcher, Server, type ServerOptions, type Work } from '#ipc/server.js';

export const LIMITS = {
  pending: 8,
  pendingPerPeer: 4,
  pendingBytes: 1 << 20,
  running: 4,
  runningPerPeer: 2,
  runningPerLane: 1,
  parts: 100,
  replyBytes: 1 << 20,
};

const text = (value: string): Uint8Array => Buffer.from(value);

/**
 * Understands four words: `echo …` at once, `task LANE MS` and `write MS` after that time, `big BYTES`; all else is
 * refused with `? …`.
 */
export const words: Dispatcher = {
  begin(frame) {
    const [word, ...rest] = Buffer.from(frame).toString().split(' ');
    if (word === 'echo') return text(rest.join(' '));
    if (word === 'big') return Buffer.alloc(Number(rest[0]), 'x');
    if (word === 'task') return work('task', rest[0] ?? '', Number(rest[1]), `done ${rest.join(' ')}`);
    if (word === 'write') return work('write', '', Number(rest[0]), 'written');
    return text(`? ${word}`);
  },
  reject: (why) => text(`! ${why}`),
};

function work(kind: Work['kind'], lane: string, ms: number, reply: string): Work {
  return {
    kind,
    lane,
    run: () => new Promise((resolve) => setTimeout(() => resolve(text(reply)), ms)),
    refuse: (why) => text(`! ${why}`),
  };
}

export async function serve(options: Partial<ServerOptions> = {}): Promise<Server> {
  return Server.start(
    {
      bind: 'tcp://127.0.0.1:*',
      maxFrameBytes: 1 << 20,
      outboundBytes: 1 << 22,
      heldBytes: 1 << 23,
      spin: 1,
      stopTimeout: 1_000,
      limits: LIMITS,
      ...options,
    },
    words,
  );
}
