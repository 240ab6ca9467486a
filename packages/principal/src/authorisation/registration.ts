import { type Policy, type RegistrationParams, verifyReport } from '@enigma-worker/attestation';
import { toHex } from '@enigma-worker/crypto';
import type { Logger } from '@enigma-worker/host';
import type { RegistrationBook } from '../secrets/registration-book.js';
import type { Admission } from './admission.js';

/** How registration works. */
export interface RegistrationOptions {
  /** What a worker's attestation must satisfy; asked at each registration, so that collateral can be renewed. */
  readonly policy: () => Policy | Promise<Policy>;
  /** How long an accepted registration lasts, in milliseconds. Default one day. */
  readonly lifetime?: number;
  /** How many registrations are kept; beyond it the one that ends first goes. Default 10,000. */
  readonly capacity?: number;
}

/** What became of a registration. */
export type RegistrationOutcome =
  | { readonly accepted: true; /** Milliseconds since 1970. */ readonly validUntil: number }
  | { readonly accepted: false; readonly reason: string };

/** Admits workers whose attestation verified against the policy, until their registration ends. */
export interface RegistrationDesk extends Admission {
  register(params: RegistrationParams): Promise<RegistrationOutcome>;
}

/** What a desk is given besides its options. */
export interface RegistrationModules {
  readonly book: RegistrationBook;
  readonly log: Logger;
  /** The current time in milliseconds since 1970. */
  readonly now: () => number;
}

interface Entry {
  readonly worker: Uint8Array;
  readonly validUntil: number;
  /** Whether its report satisfies the policy; absent as long as this process has not judged it. */
  verdict?: Promise<boolean>;
}

const DAY = 24 * 60 * 60 * 1000;

/**
 * Opens the desk with the registrations of the book. Each was judged when it was made, and is judged again,
 * by the policy of then, when its worker first asks after a restart; a policy that has become stricter, or
 * collateral that ran out, ends it.
 */
export async function openRegistrationDesk(
  options: RegistrationOptions,
  modules: RegistrationModules,
): Promise<RegistrationDesk> {
  const desk = new BookDesk(options, modules);
  await desk.load();
  return desk;
}

class BookDesk implements RegistrationDesk {
  readonly #policy: RegistrationOptions['policy'];
  readonly #lifetime: number;
  readonly #capacity: number;
  readonly #modules: RegistrationModules;
  /** By signing address in hex. */
  readonly #entries = new Map<string, Entry>();

  constructor(
    { policy, lifetime = DAY, capacity = 10_000 }: RegistrationOptions,
    modules: RegistrationModules,
  ) {
    this.#policy = policy;
    this.#lifetime = lifetime;
    this.#capacity = capacity;
    this.#modules = modules;
  }

  async load(): Promise<void> {
    const { book, log, now } = this.#modules;
    const unreadable = (file: string): void =>
      log.warn({ file }, 'a registration cannot be opened: its worker has to register again');
    for await (const { params, validUntil } of book.all(unreadable)) {
      const worker = params.signingKey;
      if (validUntil <= now()) await book.remove(worker);
      else this.#entries.set(toHex(worker), { worker, validUntil });
    }
    await this.#makeRoom();
  }

  async admits(worker: Uint8Array): Promise<boolean> {
    const entry = this.#entries.get(toHex(worker));
    if (entry === undefined || entry.validUntil <= this.#modules.now()) return false;
    entry.verdict ??= this.#judgeAgain(worker).catch((error: unknown) => {
      // That the policy could not be read says nothing of the worker: the next request tries again.
      delete entry.verdict;
      throw error;
    });
    return await entry.verdict;
  }

  async register(params: RegistrationParams): Promise<RegistrationOutcome> {
    const verdict = await verifyReport(params, await this.#policy());
    if (!verdict.ok) return { accepted: false, reason: `${verdict.code}: ${verdict.message}` };
    const worker = params.signingKey;
    const validUntil = this.#modules.now() + this.#lifetime;
    await this.#modules.book.write({ params, validUntil });
    this.#entries.set(toHex(worker), { worker, validUntil, verdict: Promise.resolve(true) });
    await this.#makeRoom();
    return { accepted: true, validUntil };
  }

  async #judgeAgain(worker: Uint8Array): Promise<boolean> {
    const { book, log } = this.#modules;
    const registration = await book.read(worker);
    if (registration === undefined) return false;
    const verdict = await verifyReport(registration.params, await this.#policy());
    if (!verdict.ok) {
      const reason = `${verdict.code}: ${verdict.message}`;
      log.warn(
        { worker: toHex(worker), reason },
        'a registration from before the restart is no longer accepted',
      );
    }
    return verdict.ok;
  }

  async #makeRoom(): Promise<void> {
    if (this.#entries.size <= this.#capacity) return;
    const byEnd = Array.from(this.#entries.values()).sort((a, b) => a.validUntil - b.validUntil);
    for (const { worker } of byEnd.slice(0, this.#entries.size - this.#capacity)) {
      this.#entries.delete(toHex(worker));
      await this.#modules.book.remove(worker);
    }
  }
}
