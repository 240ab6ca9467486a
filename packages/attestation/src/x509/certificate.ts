import { toHex } from '@enigma-worker/crypto';
import { Refusal } from '../refusal.js';
import {
  bitsOf,
  childrenOf,
  contentOf,
  type DerValue,
  oidOf,
  readDer,
  required,
  TAG,
  timeOf,
} from './der.js';
import { isSignedBy, type SignatureAlgorithm, signatureAlgorithmOf } from './signature.js';

/** What this verifier reads of an X.509 certificate (RFC 5280). */
export interface Certificate {
  readonly raw: Uint8Array;
  /** Hex of the serial number. */
  readonly serial: string;
  /** DER of the issuer's name. */
  readonly issuer: Uint8Array;
  /** DER of the subject's name. */
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array;
  /** Whether it may issue certificates. */
  readonly isAuthority: boolean;
  /** Values of the extensions by dotted object identifier. */
  readonly extensions: ReadonlyMap<string, Uint8Array>;
  /** The part that is signed. */
  readonly signed: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
}

/** A certificate longer than this is refused unread. */
const LONGEST_CERTIFICATE = 16_384;

const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
/** Critical extensions that are checked here; any other critical one makes the certificate unusable. */
const UNDERSTOOD: ReadonlySet<string> = new Set([BASIC_CONSTRAINTS, KEY_USAGE]);

/** @throws Refusal `MALFORMED` or `UNSUPPORTED` */
export function parseCertificate(der: Uint8Array): Certificate {
  if (der.length > LONGEST_CERTIFICATE) throw new Refusal('MALFORMED', 'certificate: too long');
  const [toBeSigned, algorithmIdentifier, signature] = childrenOf(readDer(der));
  const fields = childrenOf(required(toBeSigned));
  // Version 3 is the only one with extensions; it comes first, tagged 0.
  const [version, serial, innerAlgorithm, issuer, validity, subject, publicKeyInfo] = fields;
  if (version?.tag !== 0xa0) throw new Refusal('UNSUPPORTED', 'certificate: expected version 3');
  if (toHex(required(innerAlgorithm).raw) !== toHex(required(algorithmIdentifier).raw)) {
    throw new Refusal('MALFORMED', 'certificate: names two signature algorithms');
  }
  const [notBefore, notAfter] = childrenOf(required(validity));
  const extensions = readExtensions(fields.find(({ tag }) => tag === 0xa3));
  return {
    raw: der,
    serial: toHex(contentOf(serial, TAG.integer)),
    issuer: required(issuer).raw,
    subject: required(subject).raw,
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    publicKeyInfo: required(publicKeyInfo).raw,
    isAuthority: isAuthority(extensions),
    extensions,
    signed: required(toBeSigned).raw,
    algorithm: signatureAlgorithmOf(required(algorithmIdentifier)),
    signature: bitsOf(signature),
  };
}

/** The certificates of a PEM text, in order. Text around them is ignored. */
export function parsePem(pem: string): Certificate[] {
  return decodePem(pem).map(parseCertificate);
}

/** Whether the issuer's key made the certificate's signature. */
export async function isIssuedBy(certificate: Certificate, issuer: Certificate): Promise<boolean> {
  const { algorithm, signed, signature } = certificate;
  return await isSignedBy(algorithm, issuer.publicKeyInfo, signed, signature);
}

function decodePem(pem: string): Uint8Array[] {
  const blocks = pem.split('-----BEGIN CERTIFICATE-----').slice(1);
  return blocks.map((block) => {
    const [base64] = block.split('-----END CERTIFICATE-----');
    try {
      return Uint8Array.from(atob(base64!.replaceAll(/\s/g, '')), (character) => character.charCodeAt(0));
    } catch {
      throw new Refusal('MALFORMED', 'certificate: not PEM');
    }
  });
}

function readExtensions(tagged: DerValue | undefined): Map<string, Uint8Array> {
  const extensions = new Map<string, Uint8Array>();
  if (tagged === undefined) return extensions;
  for (const extension of childrenOf(readDer(tagged.content))) {
    const [id, ...rest] = childrenOf(extension);
    const oid = oidOf(id);
    const critical = rest[0]?.tag === TAG.boolean && rest[0].content[0] !== 0;
    if (critical && !UNDERSTOOD.has(oid)) {
      throw new Refusal('UNSUPPORTED', `certificate: critical extension ${oid} is not understood`);
    }
    if (extensions.has(oid)) throw new Refusal('MALFORMED', `certificate: extension ${oid} occurs twice`);
    extensions.set(oid, contentOf(rest.at(-1), TAG.octetString));
  }
  return extensions;
}

function isAuthority(extensions: ReadonlyMap<string, Uint8Array>): boolean {
  const constraints = extensions.get(BASIC_CONSTRAINTS);
  if (constraints === undefined) return false;
  const [authority] = childrenOf(readDer(constraints));
  if (authority?.tag !== TAG.boolean || authority.content[0] === 0) return false;
  const usage = extensions.get(KEY_USAGE);
  // keyCertSign is bit 5, counted from the left of the first byte after the count of unused bits.
  return usage === undefined || ((contentOf(readDer(usage), TAG.bitString)[1] ?? 0) & 0x04) !== 0;
}
