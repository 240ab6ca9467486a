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

/** Work waits behind it until it is opened: a server is caught at that work however slow the machine is. */
export class Door {
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

const text = (value: string): Uint8Array => Buffer.from(value);

/**
 * Understands four words: `echo …` at once, `task LANE MS` and `write MS` after that time, or once the door is open if
 * that is said instead of a time, `big BYTES`; all else is refused with `? …`.
 */
function words(door: Door): Dispatcher {
  const work = (kind: Work['kind'], lane: string, end: string | undefined, reply: string): Work => ({
    kind,
    lane,
    run: async () => {
      await (end === 'door' ? door.opened : new Promise((resolve) => setTimeout(resolve, Number(end))));
      return text(reply);
    },
    refuse: (why) => text(`! ${why}`),
  });
  return {
    begin(frame) {
      const [word, ...rest] = Buffer.from(frame).toString().split(' ');
      if (word === 'echo') return text(rest.join(' '));
      if (word === 'big') return Buffer.alloc(Number(rest[0]), 'x');
      if (word === 'task') return work('task', rest[0] ?? '', rest[1], `done ${rest.join(' ')}`);
      if (word === 'write') return work('write', '', rest[0], 'written');
      return text(`? ${word}`);
    },
    reject: (why) => text(`! ${why}`),
  };
}

export async function serve(options: Partial<ServerOptions> = {}, door = new Door()): Promise<Server> {
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
    words(door),
  );
}
