import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hkdfSha256, utf8 } from '@enigma-worker/crypto';
import { SealingError } from './sealer.js';

/** Gramine gives 128-bit keys. */
const GRAMINE_KEY_LENGTH = 16;

/**
 * The sealing key that SGX derives for this enclave, through Gramine's
 * `/dev/attestation/keys/_sgx_mrenclave` or `_sgx_mrsigner`, stretched to 32 bytes.
 * @param root the folder that stands for `/dev/attestation`
 * @throws SealingError `KEY_UNAVAILABLE` when not under Gramine with SGX, `PERMISSIONS`, `KEY_INVALID`
 */
export async function gramineSealingKey(
  boundTo: 'mrenclave' | 'mrsigner',
  root = '/dev/attestation',
): Promise<Uint8Array> {
  const path = join(root, 'keys', `_sgx_${boundTo}`);
  const key = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const denied = error.code === 'EACCES' || error.code === 'EPERM';
    throw new SealingError(
      denied ? 'PERMISSIONS' : 'KEY_UNAVAILABLE',
      `Gramine's sealing key ${path}: cannot be read (${error.code}); is this an SGX enclave under Gramine?`,
      { cause: error },
    );
  });
  if (key.length !== GRAMINE_KEY_LENGTH) {
    throw new SealingError(
      'KEY_INVALID',
      `Gramine's sealing key ${path}: expected ${GRAMINE_KEY_LENGTH} bytes, got ${key.length}`,
    );
  }
  return hkdfSha256(key, new Uint8Array(), utf8(`enigma sealing key from gramine: ${boundTo}`));
}
