import { type Policy, type RegistrationParams, verifyReport } from '@enigma-worker/attestation';
import { toHex } from '@enigma-worker/crypto';
import type { Admission } from './admission.js';

/** How registration works. */
export interface RegistrationOptions {
  /** What a worker's attestation must satisfy; asked at each registration, so that collateral can be renewed. */
  readonly policy: () => Policy | Promise<Policy>;
  /** How long an accepted registration lasts, in milliseconds. Default one day. */
  readonly lifetime?: number;
  /** How many registrations are kept; beyond it the oldest goes. Default 10,000. */
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

const DAY = 24 * 60 * 60 * 1000;

/**
 * A desk that keeps registrations in memory: after a restart of the principal workers register again,
 * and are judged by the policy of that day.
 * @param now the current time in milliseconds since 1970
 */
export function openRegistrationDesk(options: RegistrationOptions, now: () => number): RegistrationDesk {
  const { policy, lifetime = DAY, capacity = 10_000 } = options;
  const validUntil = new Map<string, number>();
  return {
    admits: (worker) => (validUntil.get(toHex(worker)) ?? 0) > now(),
    async register(params) {
      const verdict = await verifyReport(params, await policy());
      if (!verdict.ok) return { accepted: false, reason: `${verdict.code}: ${verdict.message}` };
      const worker = toHex(params.signingKey);
      // Deleted first, so that the map stays in order of registration.
      validUntil.delete(worker);
      validUntil.set(worker, now() + lifetime);
      for (const [oldest] of validUntil) {
        if (validUntil.size <= capacity) break;
        validUntil.delete(oldest);
      }
      return { accepted: true, validUntil: now() + lifetime };
    },
  };
}
