import { join } from 'node:path';
import { gramineSealingKey } from './gramine.js';
import { readKeyFile, readOrCreateKeyFile } from './key-file.js';
import { passphraseKey } from './passphrase.js';
import { type Sealer, sealerOf } from './sealer.js';

/** Where the sealing key comes from. */
export type SealingOptions =
  | {
      /** A key file `sealing.key` in the data folder, created when missing: {@link SIMULATION_WARNING}. */
      readonly kind: 'simulation';
      readonly dataDir: string;
    }
  | {
      readonly kind: 'key-file';
      readonly path: string;
      /** Whether to create the file when it is missing. Default false: a lost key must not be replaced silently. */
      readonly create?: boolean;
    }
  | { readonly kind: 'passphrase'; readonly passphrase: string; readonly dataDir: string }
  | {
      readonly kind: 'gramine';
      /** `mrenclave` opens only in this very code, `mrsigner` in any enclave of the same signer. */
      readonly boundTo: 'mrenclave' | 'mrsigner';
      /** Default `/dev/attestation`. */
      readonly root?: string;
    };

/** What a worker that seals in simulation says at start. */
export const SIMULATION_WARNING =
  'sealing in simulation: the sealing key lies beside the data it seals, which protects nothing from the owner of this machine';

/**
 * The sealer for the given source of its key.
 * @throws SealingError `PERMISSIONS`, `KEY_INVALID`, `KEY_UNAVAILABLE`, or `WRONG_KEY` (passphrase)
 */
export async function openSealer(options: SealingOptions): Promise<Sealer> {
  switch (options.kind) {
    case 'simulation':
      return sealerOf('simulation', readOrCreateKeyFile(join(options.dataDir, 'sealing.key')));
    case 'key-file':
      return sealerOf(
        'key-file',
        options.create === true ? readOrCreateKeyFile(options.path) : readKeyFile(options.path),
      );
    case 'passphrase':
      return sealerOf('passphrase', await passphraseKey(options.dataDir, options.passphrase));
    case 'gramine':
      return sealerOf(`gramine-${options.boundTo}`, await gramineSealingKey(options.boundTo, options.root));
  }
}
