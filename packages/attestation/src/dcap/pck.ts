import { toHex } from '@enigma-worker/crypto';
import { Refusal } from '../refusal.js';
import type { Certificate } from '../x509/certificate.js';
import {
  childrenOf,
  contentOf,
  type DerValue,
  oidOf,
  readDer,
  required,
  smallIntegerOf,
  TAG,
} from '../x509/der.js';

/** The extension of Intel's that only a platform's PCK certificate has. */
const SGX_EXTENSION = '1.2.840.113741.1.13.1';
const TCB = `${SGX_EXTENSION}.2`;
const PCE_SVN = `${TCB}.17`;
const CPU_SVN = `${TCB}.18`;
const FMSPC = `${SGX_EXTENSION}.4`;

/** What a PCK certificate tells of its platform. */
export interface Platform {
  /** Hex of the 6 bytes that name its family; TCB info is published for each. */
  readonly fmspc: string;
  readonly pceSvn: number;
  /** 16 components. */
  readonly cpuSvn: Uint8Array;
}

/** Whether a certificate is that of a platform, not of an authority or a signer of collateral. */
export function isPlatformCertificate(certificate: Certificate): boolean {
  return certificate.extensions.has(SGX_EXTENSION);
}

/** @throws Refusal `MALFORMED` */
export function platformOf(certificate: Certificate): Platform {
  const extension = certificate.extensions.get(SGX_EXTENSION);
  if (extension === undefined)
    throw new Refusal('MALFORMED', 'PCK certificate: says nothing of its platform');
  const values = valuesByOid(readDer(extension));
  const tcb = valuesByOid(required(values.get(TCB)));
  const cpuSvn = contentOf(tcb.get(CPU_SVN), TAG.octetString);
  const fmspc = contentOf(values.get(FMSPC), TAG.octetString);
  if (cpuSvn.length !== 16 || fmspc.length !== 6)
    throw new Refusal('MALFORMED', 'PCK certificate: wrong lengths');
  return { fmspc: toHex(fmspc), pceSvn: smallIntegerOf(tcb.get(PCE_SVN)), cpuSvn };
}

function valuesByOid(sequence: DerValue): Map<string, DerValue> {
  return new Map(
    childrenOf(sequence).map((entry) => {
      const [oid, value] = childrenOf(entry);
      return [oidOf(oid), required(value)];
    }),
  );
}
