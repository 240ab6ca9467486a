import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { attestBy, type AttestOptions } from './attest.js';
import { GRAMINE_ROOT, type GramineOptions, gramineQuoter } from './gramine.js';
import { measureWorker } from './measure-code.js';
import type { AttestationKind, AttestationProvider } from './provider.js';
import { type Quoter, simulationQuoter } from './quoter.js';
import { TSM_ROOT, type TsmOptions, tsmQuoter } from './tsm.js';

/** Which platform attests the worker, and how. */
export interface AttestationOptions extends Partial<AttestOptions> {
  /** `auto` takes Gramine if there is one, else configfs-tsm, else a simulation. */
  readonly kind: AttestationKind | 'auto';
  readonly gramine?: GramineOptions;
  readonly tsm?: TsmOptions;
}

/** What a worker that attests in simulation says at start. */
export const ATTESTATION_SIMULATION_WARNING =
  'attestation in simulation: no hardware vouches for this worker, and its reports say so';

/** The provider of the worker's reports. Asks the platform for nothing yet. */
export function openAttestation(options: AttestationOptions): AttestationProvider {
  return attestBy(quoterOf(options), { measureCode: measureWorker, ...options });
}

function quoterOf({ kind, gramine = {}, tsm = {} }: AttestationOptions): Quoter {
  switch (kind === 'auto' ? detect(gramine.root, tsm.root) : kind) {
    case 'gramine':
      return gramineQuoter(gramine);
    case 'tsm':
      return tsmQuoter(tsm);
    case 'simulation':
      return simulationQuoter;
  }
}

function detect(gramineRoot = GRAMINE_ROOT, tsmRoot = TSM_ROOT): AttestationKind {
  if (existsSync(join(gramineRoot, 'attestation_type'))) return 'gramine';
  return existsSync(tsmRoot) ? 'tsm' : 'simulation';
}
