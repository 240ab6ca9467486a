import type { SevSnpPolicy } from '@enigma-worker/attestation';
import { concat } from '@enigma-worker/crypto';
import {
  certificate,
  type FakeCertificate,
  type Key,
  newKey,
  revocationList,
  signWith,
} from './authority.js';
import { integer, text } from './der.js';
import { FROM, UNTIL } from './intel.js';

const AMD = '1.3.6.1.4.1.3704.1';
const CHIP = new Uint8Array(64).map((_, index) => index + 1);

export interface AmdOptions {
  readonly revoked?: boolean;
  readonly listUntil?: Date;
  readonly vcekUntil?: Date;
  /** Turin and later have another order of the versions and a shorter chip id. */
  readonly product?: 'milan' | 'turin';
  /** What signs reports: the key of one chip, or one that AMD gave to a cloud provider. */
  readonly key?: 'vcek' | 'vlek';
}

export interface ReportFields {
  readonly measurement?: Uint8Array;
  readonly hostData?: Uint8Array;
  readonly debug?: boolean;
  readonly migrationAgent?: boolean;
  readonly vmpl?: number;
  readonly chipId?: Uint8Array;
  readonly microcode?: number;
  readonly signingKey?: number;
  readonly version?: number;
}

/** A whole fake AMD: ARK, ASK or ASVK, one chip with its VCEK or VLEK. RSA keys are made once, they are slow. */
export class FakeAmd {
  static readonly #rootKey: Key = newKey('rsa-pss');
  static readonly #intermediateKey: Key = newKey('rsa-pss');
  readonly ark: FakeCertificate;
  /** The ASVK when the signing key is a VLEK. */
  readonly ask: FakeCertificate;
  /** The certificate of the signing key, of either kind. */
  readonly vcek: FakeCertificate;
  readonly options: AmdOptions;

  constructor(options: AmdOptions = {}) {
    this.options = options;
    const loaded = options.key === 'vlek';
    const common = { from: FROM, until: UNTIL };
    const rootKey = FakeAmd.#rootKey;
    const askKey = FakeAmd.#intermediateKey;
    this.ark = certificate({
      ...common,
      subject: 'ARK',
      issuer: 'ARK',
      key: rootKey,
      issuerKey: rootKey,
      authority: true,
    });
    this.ask = certificate({
      ...common,
      subject: loaded ? 'ASVK' : 'ASK',
      issuer: 'ARK',
      key: askKey,
      issuerKey: rootKey,
      authority: true,
    });
    const turin = options.product === 'turin';
    const versions = { 1: 3, 2: 0, 3: 24, 8: 211, ...(turin ? { 9: 1 } : {}) };
    this.vcek = certificate({
      ...common,
      until: options.vcekUntil ?? UNTIL,
      subject: loaded ? 'VLEK' : 'VCEK',
      issuer: this.ask.subject,
      key: newKey('p384'),
      issuerKey: askKey,
      extensions: [
        ...Object.entries(versions).map(([part, version]) => ({
          id: `${AMD}.3.${part}`,
          value: integer(version),
        })),
        loaded
          ? { id: `${AMD}.5`, value: text('Some Cloud') }
          : { id: `${AMD}.4`, value: turin ? CHIP.slice(0, 8) : CHIP },
      ],
    });
  }

  policy(more: Partial<SevSnpPolicy> = {}): SevSnpPolicy {
    const { revoked, listUntil = UNTIL } = this.options;
    const list = revocationList(this.ark, FROM, listUntil, revoked === true ? [this.ask.serial] : []);
    return { roots: [this.ark.der], revocationLists: [list], ...more };
  }

  report(reportData: Uint8Array, fields: ReportFields = {}): Uint8Array {
    const body = new Uint8Array(672);
    const view = new DataView(body.buffer);
    view.setUint32(0, fields.version ?? 2, true);
    view.setUint32(
      8,
      (1 << 17) | (fields.migrationAgent === true ? 1 << 18 : 0) | (fields.debug === true ? 1 << 19 : 0),
      true,
    );
    view.setUint32(48, fields.vmpl ?? 0, true);
    view.setUint32(52, 1, true);
    view.setUint32(72, (fields.signingKey ?? (this.options.key === 'vlek' ? 1 : 0)) << 2, true);
    body.set(reportData, 80);
    body.set(fields.measurement ?? new Uint8Array(48), 144);
    body.set(fields.hostData ?? new Uint8Array(32), 192);
    const microcode = fields.microcode ?? 211;
    body.set(
      this.options.product === 'turin'
        ? [1, 3, 0, 24, 0, 0, 0, microcode]
        : [3, 0, 0, 0, 0, 0, 24, microcode],
      384,
    );
    const chipId = this.options.product === 'turin' ? concat(CHIP.slice(0, 8), new Uint8Array(56)) : CHIP;
    body.set(fields.chipId ?? chipId, 416);
    const raw = signWith(this.vcek.key, body, 'raw');
    const padding = new Uint8Array(72 - 48);
    const r = raw.slice(0, 48).reverse();
    const s = raw.slice(48).reverse();
    return concat(body, r, padding, s, padding, new Uint8Array(512 - 144));
  }

  /** The host's certificate table, identifiers in the byte order of the specification or turned around. */
  table(order: 'rfc' | 'efi' = 'rfc'): Uint8Array {
    const entries = [
      [
        this.options.key === 'vlek' ? 'a8074bc2a25a483eaae639c045a0b8a1' : '63da758de6644564adc5f4b93be8accd',
        this.vcek.der,
      ],
      ['4ab7b379bbac4fe4a02f05aef327c782', this.ask.der],
      ['c0b406a4a803495297433fb6014cd0ae', this.ark.der],
    ] as const;
    let offset = 24 * (entries.length + 1);
    const head: Uint8Array[] = [];
    for (const [id, der] of entries) {
      head.push(guid(id, order), le32(offset), le32(der.length));
      offset += der.length;
    }
    return concat(...head, new Uint8Array(24), ...entries.map(([, der]) => der));
  }
}

function guid(hex: string, order: 'rfc' | 'efi'): Uint8Array {
  const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
  if (order === 'rfc') return bytes;
  return concat(
    bytes.slice(0, 4).reverse(),
    bytes.slice(4, 6).reverse(),
    bytes.slice(6, 8).reverse(),
    bytes.slice(8),
  );
}

function le32(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24);
}
