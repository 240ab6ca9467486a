import {
  concat,
  CryptoError,
  equalBytes,
  hkdfSha256,
  lengthPrefixed,
  open,
  seal,
  utf8,
} from '@enigma-worker/crypto';

/**
 * Keeps secrets at rest: what one run of the enclave seals, a later run opens, and nobody without
 * the sealing key reads or alters it. It does not stop the host from putting back an older sealed
 * value: see docs/threat-model.md, "What is not defended".
 */
export interface Sealer {
  /** Where the sealing key comes from; part of what is attested. */
  readonly mode: SealingMode;
  /**
   * Encrypts and authenticates `plaintext` under the sealing key.
   * @param label names the purpose, e.g. `signing-key`; the same label is needed to open
   */
  seal(label: string, plaintext: Uint8Array): Uint8Array;
  /**
   * Opens what {@link Sealer.seal} made.
   * @throws SealingError `WRONG_KEY`, `UNSUPPORTED_VERSION` or `CORRUPT` (also for another label)
   */
  open(label: string, sealed: Uint8Array): Uint8Array;
}

/**
 * Where a sealing key comes from. `simulation` protects nothing from the owner of the machine;
 * `gramine-mrenclave` binds to this very code, `gramine-mrsigner` to everything its signer signs.
 */
export type SealingMode = 'simulation' | 'key-file' | 'passphrase' | 'gramine-mrenclave' | 'gramine-mrsigner';

/** Codes of everything that can go wrong with sealed data or the sealing key. */
export type SealingErrorCode =
  'WRONG_KEY' | 'CORRUPT' | 'UNSUPPORTED_VERSION' | 'PERMISSIONS' | 'KEY_INVALID' | 'KEY_UNAVAILABLE';

/** An expected failure of sealing. The message never holds a key or a plaintext. */
export class SealingError extends Error {
  override readonly name = 'SealingError';
  readonly code: SealingErrorCode;

  constructor(code: SealingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

// sealed = 'ESB' ‖ version(1) ‖ key id(8) ‖ envelope, the header and the label authenticated with it.
const MAGIC = utf8('ESB');
const VERSION = 1;
const KEY_ID_LENGTH = 8;
const HEADER_LENGTH = MAGIC.length + 1 + KEY_ID_LENGTH;

/**
 * A sealer over a 32-byte key. The encryption key and a key id are derived from it (HKDF): the id
 * stands in clear in each sealed value, so that a wrong key is told from a damaged value.
 * @throws SealingError `KEY_INVALID` when the key is not 32 bytes long
 */
export function sealerOf(mode: SealingMode, key: Uint8Array): Sealer {
  if (key.length !== 32)
    throw new SealingError('KEY_INVALID', `sealing key: expected 32 bytes, got ${key.length}`);
  const encryptionKey = hkdfSha256(key, new Uint8Array(), utf8('enigma sealing v1: encryption'));
  const keyId = sealingKeyId(key);
  const header = concat(MAGIC, Uint8Array.of(VERSION), keyId);
  const aad = (label: string): Uint8Array => lengthPrefixed(header, utf8(label));
  return {
    mode,
    seal: (label, plaintext) => concat(header, seal(encryptionKey, plaintext, { aad: aad(label) })),
    open: (label, sealed) => {
      checkHeader(label, sealed, keyId);
      try {
        return open(encryptionKey, sealed.subarray(HEADER_LENGTH), aad(label));
      } catch (error) {
        if (!(error instanceof CryptoError)) throw error;
        throw new SealingError('CORRUPT', `sealed ${label}: damaged, or sealed under another label`);
      }
    },
  };
}

/** 8 bytes that name a sealing key without telling it. */
export function sealingKeyId(key: Uint8Array): Uint8Array {
  return hkdfSha256(key, new Uint8Array(), utf8('enigma sealing v1: key id')).slice(0, KEY_ID_LENGTH);
}

function checkHeader(label: string, sealed: Uint8Array, keyId: Uint8Array): void {
  if (sealed.length < HEADER_LENGTH || !equalBytes(sealed.subarray(0, MAGIC.length), MAGIC)) {
    throw new SealingError('CORRUPT', `sealed ${label}: not a sealed value`);
  }
  const version = sealed[MAGIC.length];
  if (version !== VERSION) {
    throw new SealingError(
      'UNSUPPORTED_VERSION',
      `sealed ${label}: expected format version ${VERSION}, got ${version}`,
    );
  }
  if (!equalBytes(sealed.subarray(MAGIC.length + 1, HEADER_LENGTH), keyId)) {
    throw new SealingError('WRONG_KEY', `sealed ${label}: sealed under another key than the one in use`);
  }
}
