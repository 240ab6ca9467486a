import { Refusal } from '../refusal.js';
import type { SevSnpTcb } from '../policy.js';
import type { Certificate } from '../x509/certificate.js';
import { contentOf, readDer, smallIntegerOf, TAG } from '../x509/der.js';

/** Extensions of a VCEK certificate (AMD document 57230). */
const AMD = '1.3.6.1.4.1.3704.1';
const SPL = {
  bootLoader: `${AMD}.3.1`,
  tee: `${AMD}.3.2`,
  snp: `${AMD}.3.3`,
  microcode: `${AMD}.3.8`,
  fmc: `${AMD}.3.9`,
} as const;
const HARDWARE_ID = `${AMD}.4`;

/** What a VCEK certificate says about the chip and the firmware whose key it certifies. */
export interface Vcek {
  readonly tcb: SevSnpTcb;
  /** Whether the product line has an FMC version (Turin and later). */
  readonly hasFmc: boolean;
  /** 64 bytes, 8 on Turin and later. */
  readonly hardwareId: Uint8Array;
}

/** Whether a certificate is that of a chip, not of an authority. */
export function isVcek(certificate: Certificate): boolean {
  return certificate.extensions.has(HARDWARE_ID) && !certificate.isAuthority;
}

/** @throws Refusal `MALFORMED` */
export function vcekOf({ extensions }: Certificate): Vcek {
  const number = (oid: string): number => {
    const value = extensions.get(oid);
    if (value === undefined) throw new Refusal('MALFORMED', `VCEK certificate: extension ${oid} is missing`);
    return integer(value);
  };
  const hardwareId = extensions.get(HARDWARE_ID);
  if (hardwareId === undefined) throw new Refusal('MALFORMED', 'VCEK certificate: names no chip');
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
    hardwareId: unwrapped(hardwareId),
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
