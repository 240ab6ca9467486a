import { frame, greeting, ping, ready } from '../harness/zmtp.js';
import type { Random } from './random.js';

/** All that comes before the first message. */
export function opening(): Buffer {
  return Buffer.concat([greeting(), ready()]);
}

/** One message in one of the ways in which ZMTP may say it: long lengths for short frames, commands around it. */
export function shaped(bodies: readonly (string | Uint8Array)[], random: Random): Buffer {
  const frames = bodies.map((body, at) =>
    frame(Buffer.from(body), { more: at < bodies.length - 1, long: random.chance(0.2) }),
  );
  return Buffer.concat(random.chance(0.1) ? [ping(), ...frames] : frames);
}

/** The same bytes in pieces, cut anywhere. */
export function chopped(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = random.chance(0.1) ? 1 + random.below(8) : 1 + random.below(8000);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

/** Bytes that no peer would send: reserved flags, lengths beyond all limits, commands that are none, mere noise. */
export function brokenBytes(random: Random): Buffer {
  const noise = Buffer.from(random.bytes(random.below(40)));
  switch (random.below(6)) {
    case 0:
      // Reserved bits.
      return Buffer.concat([Buffer.of(8 << random.below(5), noise.length), noise]);
    case 1: {
      const head = Buffer.alloc(9);
      head[0] = 2;
      head.writeBigUInt64BE(2n ** BigInt(27 + random.below(37)) - BigInt(random.below(2)), 1);
      return Buffer.concat([head, noise]);
    }
    case 2:
      // A command that says that another frame follows.
      return Buffer.concat([Buffer.of(5, noise.length), noise]);
    case 3:
      // The name of this command is longer than the command.
      return Buffer.of(4, 3, 200, 65, 66);
    case 4:
      return Buffer.of(4, 0);
    default:
      return noise;
  }
}
