import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { concat, randomBytes } from '@enigma-worker/crypto';
import { bits, boolean, integer, octets, oid, sequence, set, tagged, text, time } from './der.js';

/** A key of a fake authority or platform. */
export interface Key {
  readonly privateKey: KeyObject;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array;
  readonly type: 'p256' | 'p384' | 'rsa-pss';
}

export function newKey(type: Key['type']): Key {
  const { privateKey, publicKey } =
    type === 'rsa-pss'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: type === 'p256' ? 'P-256' : 'P-384' });
  return {
    privateKey,
    publicKeyInfo: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
    type,
  };
}

/** x ‖ y of an elliptic key. */
export function pointOf({ publicKeyInfo, type }: Key): Uint8Array {
  return publicKeyInfo.slice(type === 'p256' ? -64 : -96);
}

/** ECDSA signatures as DER, or as r ‖ s for the platforms' own structures. */
export function signWith(
  { privateKey, type }: Key,
  data: Uint8Array,
  encoding: 'der' | 'raw' = 'der',
): Uint8Array {
  if (type === 'rsa-pss') {
    return new Uint8Array(sign('sha384', data, { key: privateKey, padding: 6, saltLength: 48 }));
  }
  const dsaEncoding = encoding === 'der' ? 'der' : 'ieee-p1363';
  return new Uint8Array(sign(type === 'p256' ? 'sha256' : 'sha384', data, { key: privateKey, dsaEncoding }));
}

export interface CertificateFields {
  readonly subject: string;
  readonly issuer: string;
  readonly key: Key;
  readonly issuerKey: Key;
  readonly from: Date;
  readonly until: Date;
  readonly authority?: boolean;
  readonly serial?: Uint8Array;
  readonly extensions?: readonly {
    readonly id: string;
    readonly value: Uint8Array;
    readonly critical?: boolean;
  }[];
}

export interface FakeCertificate {
  readonly der: Uint8Array;
  readonly serial: Uint8Array;
  readonly key: Key;
  readonly subject: string;
}

export function certificate(fields: CertificateFields): FakeCertificate {
  const serial = fields.serial ?? concat(Uint8Array.of(0x10), randomBytes(15));
  const algorithm = algorithmOf(fields.issuerKey);
  const extensions = [
    {
      id: '2.5.29.19',
      critical: true,
      value: fields.authority === true ? sequence(boolean(true)) : sequence(),
    },
    ...(fields.extensions ?? []),
  ];
  const toBeSigned = sequence(
    tagged(0, integer(2)),
    integer(serial),
    algorithm,
    name(fields.issuer),
    sequence(time(fields.from), time(fields.until)),
    name(fields.subject),
    fields.key.publicKeyInfo,
    tagged(
      3,
      sequence(
        ...extensions.map(({ id, value, critical }) =>
          sequence(oid(id), ...(critical === true ? [boolean(true)] : []), octets(value)),
        ),
      ),
    ),
  );
  const der = sequence(toBeSigned, algorithm, bits(signWith(fields.issuerKey, toBeSigned)));
  return { der, serial, key: fields.key, subject: fields.subject };
}

export function revocationList(
  issuer: Pick<FakeCertificate, 'subject' | 'key'>,
  from: Date,
  until: Date,
  revoked: readonly Uint8Array[] = [],
): Uint8Array {
  const algorithm = algorithmOf(issuer.key);
  const entries = revoked.map((serial) => sequence(integer(serial), time(from)));
  const toBeSigned = sequence(
    integer(1),
    algorithm,
    name(issuer.subject),
    time(from),
    time(until),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
  );
  return sequence(toBeSigned, algorithm, bits(signWith(issuer.key, toBeSigned)));
}

export function pem(...certificates: readonly FakeCertificate[]): string {
  return certificates
    .map(({ der }) =>
      Buffer.from(der)
        .toString('base64')
        .replaceAll(/(.{64})/g, '$1\n'),
    )
    .map((base64) => `-----BEGIN CERTIFICATE-----\n${base64.trimEnd()}\n-----END CERTIFICATE-----\n`)
    .join('');
}

function name(commonName: string): Uint8Array {
  return sequence(set(sequence(oid('2.5.4.3'), text(commonName))));
}

function algorithmOf({ type }: Key): Uint8Array {
  if (type === 'p256') return sequence(oid('1.2.840.10045.4.3.2'));
  if (type === 'p384') return sequence(oid('1.2.840.10045.4.3.3'));
  const sha384 = sequence(oid('2.16.840.1.101.3.4.2.2'));
  return sequence(
    oid('1.2.840.113549.1.1.10'),
    sequence(
      tagged(0, sha384),
      tagged(1, sequence(oid('1.2.840.113549.1.1.8'), sha384)),
      tagged(2, integer(48)),
    ),
  );
}
