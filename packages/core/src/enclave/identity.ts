import { addressOf, generateKeyPair, keyPairOf, sign } from '@enigma-worker/crypto';
import type { Store } from '../store/store.js';
import type { AttestationProvider, AttestationReport, AttestedIdentity } from './attestation/provider.js';
import type { Registration } from './enclave.js';
import type { Sealer } from './sealing/sealer.js';

/** Name of the sealed signing key in the store, and the label it is sealed under. */
export const SIGNING_KEY = 'signing-key';

/** Who the worker is: one signing key for its whole life. */
export class Identity implements AttestedIdentity {
  readonly signingAddress: Uint8Array;
  readonly sealingMode: string;
  /** 32 bytes. For the executor threads, which sign receipts. */
  readonly signingKey: Uint8Array;
  readonly #provider: AttestationProvider;
  #report: Promise<AttestationReport> | undefined;

  private constructor(signingKey: Uint8Array, sealer: Sealer, provider: AttestationProvider) {
    this.signingKey = signingKey;
    this.signingAddress = addressOf(keyPairOf(signingKey).publicKey);
    this.sealingMode = sealer.mode;
    this.#provider = provider;
  }

  /**
   * Opens the signing key of the store, or makes one if there is none, durable when this resolves.
   * @throws SealingError when the stored key does not open
   */
  static async open(
    store: Pick<Store, 'blob' | 'putBlob'>,
    sealer: Sealer,
    provider: AttestationProvider,
  ): Promise<Identity> {
    const sealed = store.blob(SIGNING_KEY);
    if (sealed !== undefined) return new Identity(sealer.open(SIGNING_KEY, sealed), sealer, provider);
    const { privateKey } = generateKeyPair();
    await store.putBlob(SIGNING_KEY, sealer.seal(SIGNING_KEY, privateKey));
    return new Identity(privateKey, sealer, provider);
  }

  sign(message: Uint8Array): Uint8Array {
    return sign(message, this.signingKey);
  }

  /**
   * The address with the report about it; those who ask at the same time share one report.
   * @throws AttestationError
   */
  async registration(): Promise<Registration> {
    this.#report ??= this.#provider.report(this).finally(() => {
      this.#report = undefined;
    });
    const { report, signature } = await this.#report;
    return { signingKey: this.signingAddress, report, signature };
  }
}
