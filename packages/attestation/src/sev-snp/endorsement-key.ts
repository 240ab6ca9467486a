import { Refusal } from '../refusal.js';
import type { SevSnpTcb } from '../policy.js';
import type { Certificate } from '../x509/certificate.js';
import { contentOf, readDer, smallIntegerOf, TAG } from '../x509/der.js';

/** Extensions of VCEK and VLEK certificates (AMD document 57230). */
const AMD = '1.3.6.1.4.1.3704.1';
const SPL = {
  bootLoader: `${AMD}.3.1`,
  tee: `${AMD}.3.2`,
  snp: `${AMD}.3.3`,
  microcode: `${AMD}.3.8`,
  fmc: `${AMD}.3.9`,
} as const;
const HARDWARE_ID = `${AMD}.4`;
const PROVIDER_ID = `${AMD}.5`;

/**
 * The keys that sign reports: `VCEK` is made of a secret of one chip, `VLEK` is issued by AMD to a cloud
 * provider, who loads it into its chips. Both are of one firmware version.
 */
export type SigningKeyKind = 'VCEK' | 'VLEK';

/** What the certificate of a signing key says about the platform whose key it certifies. */
export interface EndorsementKey {
  readonly tcb: SevSnpTcb;
  /** Whether the product line has an FMC version (Turin and later). */
  readonly hasFmc: boolean;
  /** Of a VCEK: 64 bytes, 8 on Turin and later. A VLEK belongs to no one chip. */
  readonly hardwareId: Uint8Array | undefined;
}

/** What kind of key a certificate is for; nothing when it is an authority's. */
export function signingKeyKindOf({ extensions, isAuthority }: Certificate): SigningKeyKind | undefined {
  if (isAuthority) return undefined;
  if (extensions.has(HARDWARE_ID)) return 'VCEK';
  return extensions.has(PROVIDER_ID) ? 'VLEK' : undefined;
}

/** @throws Refusal `MALFORMED` */
export function endorsementKeyOf({ extensions }: Certificate): EndorsementKey {
  const number = (oid: string): number => {
    const value = extensions.get(oid);
    if (value === undefined)
      throw new Refusal('MALFORMED', `SEV-SNP certificate: extension ${oid} is missing`);
    return integer(value);
  };
  const hardwareId = extensions.get(HARDWARE_ID);
  const hasFmc = extensions.has(SPL.fmc);
  return {
    tcb: {
      fmc: hasFmc ? number(SPL.fmc) : 0,
      bootLoader: number(SPL.bootLoader),
      tee: number(SPL.tee),
      snp: number(SPL.snp),
      microcode: number(SPL.microcode),
    },
    hasFmc,
    hardwareId: hardwareId && unwrapped(hardwareId),
  };
}

/** A version is 0 to 255; DER puts a zero byte before those above 127. */
function integer(der: Uint8Array): number {
  const value = readDer(der);
  return value.content.length === 2 && value.content[0] === 0 && value.tag === TAG.integer
    ? value.content[1]!
    : smallIntegerOf(value);
}

/** The chip id stands bare in AMD's certificates; one in an octet string is two bytes longer. */
function unwrapped(value: Uint8Array): Uint8Array {
  return value.length === 66 || value.length === 10 ? contentOf(readDer(value), TAG.octetString) : value;
}
