import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Sealer } from '@enigma-worker/core';
import { toHex, utf8 } from '@enigma-worker/crypto';
import pino, { type Logger } from 'pino';

/** Collects every secret of a run, to be looked for where none should be. */
export class Secrets {
  readonly #known = new Map<string, Uint8Array>();

  /** Remembers a secret; those of less than 6 bytes would be found by chance. */
  add(secret: Uint8Array | string): void {
    const bytes = typeof secret === 'string' ? utf8(secret) : secret.slice();
    if (bytes.length >= 6) this.#known.set(toHex(bytes), bytes);
  }

  get size(): number {
    return this.#known.size;
  }

  /** A sealer that remembers all that is sealed or opened by it: signing keys, state keys, master secrets. */
  watch(sealer: Sealer): Sealer {
    return {
      mode: sealer.mode,
      seal: (label, secret) => {
        this.add(secret);
        return sealer.seal(label, secret);
      },
      open: (label, sealed) => {
        const secret = sealer.open(label, sealed);
        this.add(secret);
        return secret;
      },
    };
  }

  /** The secrets that a text or file holds: bare, as hex, base64 or a list of integers; the first half of one is enough. */
  foundIn(content: string | Uint8Array): string[] {
    const haystack = Buffer.from(content);
    const lowerCase = haystack.toString('latin1').toLowerCase();
    const found: string[] = [];
    for (const [hex, bytes] of this.#known) {
      const half = Buffer.from(bytes.subarray(0, Math.max(6, Math.ceil(bytes.length / 2))));
      const base64 = half.toString('base64').slice(0, -4).toLowerCase();
      const forms = [toHex(half), half.join(','), half.join(', '), ...(base64.length < 8 ? [] : [base64])];
      if (haystack.includes(half) || forms.some((form) => lowerCase.includes(form))) found.push(hex);
    }
    return found;
  }

  /** The secrets in any file of a folder, but for those that hold the sealing key itself. */
  foundInFolder(folder: string): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'sealing.key')
      .flatMap((entry) => this.foundIn(readFileSync(join(entry.parentPath, entry.name))));
  }
}

/** A log of everything, at the most talkative level. */
export function traceLog(): { logger: Logger; text: () => string } {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  return { logger: pino({ level: 'trace' }, stream), text: () => lines.join('') };
}
