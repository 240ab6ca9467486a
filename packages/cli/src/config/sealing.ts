import type { SealingOptions } from '@enigma-worker/core/tools';
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { readSecretText } from '../files.js';

/** Settings of every server that keeps secrets at rest. */
export const sealingSettings = {
  sealing: {
    value: 'mode',
    description:
      'where the sealing key comes from: simulation, key-file, passphrase, gramine-mrenclave or gramine-mrsigner (default: simulation)',
    schema: z
      .enum(['simulation', 'key-file', 'passphrase', 'gramine-mrenclave', 'gramine-mrsigner'])
      .default('simulation'),
  },
  sealingKeyFile: {
    value: 'file',
    description: 'with --sealing key-file: 32 bytes as 64 hex digits, readable by the owner alone',
    schema: z.string().optional(),
  },
  passphraseFile: {
    value: 'file',
    description: 'with --sealing passphrase: its first line is the passphrase',
    schema: z.string().optional(),
  },
} as const;

/** Values of {@link sealingSettings}, and the folder they are about. */
export interface SealingValues {
  readonly dataDir: string;
  readonly sealing: z.output<typeof sealingSettings.sealing.schema>;
  readonly sealingKeyFile?: string | undefined;
  readonly passphraseFile?: string | undefined;
}

/**
 * How the sealing key is to be had.
 * @throws UsageError when the mode needs a file that was not named or cannot be read
 */
export function sealingFrom(values: SealingValues): SealingOptions {
  const { dataDir, sealing } = values;
  switch (sealing) {
    case 'simulation':
      return { kind: 'simulation', dataDir };
    case 'key-file':
      if (values.sealingKeyFile === undefined)
        throw new UsageError('--sealing key-file needs --sealing-key-file');
      return { kind: 'key-file', path: values.sealingKeyFile };
    case 'passphrase':
      return { kind: 'passphrase', passphrase: readPassphrase(values.passphraseFile), dataDir };
    case 'gramine-mrenclave':
      return { kind: 'gramine', boundTo: 'mrenclave' };
    case 'gramine-mrsigner':
      return { kind: 'gramine', boundTo: 'mrsigner' };
  }
}

/**
 * The first line of a file. It is never printed.
 * @throws UsageError when there is none, or the file is open to other users
 */
export function readPassphrase(file: string | undefined): string {
  if (file === undefined)
    throw new UsageError('a passphrase is needed: name a file that holds it with --passphrase-file');
  const [line = ''] = readSecretText(file, 'passphrase file').split(/\r?\n/, 1);
  if (line === '') throw new UsageError(`passphrase file ${file}: its first line is empty`);
  return line;
}
