import type { Quote } from '@phala/dcap-qvl';
import { fromUtf8 } from '@enigma-worker/crypto';
import { Refusal } from '../refusal.js';
import { type Certificate, parsePem } from '../x509/certificate.js';
import type { TdxModule } from './tdx-module.js';

/** A quote longer than this is refused unread; real ones have about 5,000 bytes. */
export const LONGEST_QUOTE = 1 << 16;

/** What a DCAP quote says, before anything of it is verified. */
export interface DcapQuote {
  readonly kind: 'sgx' | 'tdx';
  readonly version: number;
  readonly reportData: Uint8Array;
  readonly debug: boolean;
  /** Measurements and identities by name, bytes as they are in the report. */
  readonly measurements: Readonly<Record<string, Uint8Array>>;
  /** SGX only. */
  readonly productId?: number;
  /** SGX only: the security version of the enclave. */
  readonly svn?: number;
  /** TDX only. */
  readonly tdxModule?: TdxModule;
  /** The report of the quoting enclave. */
  readonly quotingEnclave: { readonly svn: number; readonly debug: boolean };
  /** The certificates in the quote, the platform's first. */
  readonly certificates: readonly Certificate[];
}

const PCK_CHAIN = 5;
const DEBUG_FLAG = 0x02;
const ATTRIBUTES_OFFSET = 48;
const SVN_OFFSET = 258;

/**
 * Reads an SGX v3 or TDX v4 or v5 quote.
 * @throws Refusal `MALFORMED`, `UNSUPPORTED`
 */
export async function parseQuote(bytes: Uint8Array): Promise<DcapQuote> {
  if (bytes.length > LONGEST_QUOTE)
    throw new Refusal('MALFORMED', `quote: longer than ${LONGEST_QUOTE} bytes`);
  const quote = await parse(bytes);
  const { certType, body } = quote.authData.intoV3().certificationData;
  if (certType !== PCK_CHAIN) throw new Refusal('UNSUPPORTED', 'quote: does not bring its certificate chain');
  checkLength(bytes, quote);
  return {
    ...contentOf(quote),
    quotingEnclave: quotingEnclaveOf(quote),
    certificates: parsePem(textOf(body)),
  };
}

async function parse(bytes: Uint8Array): Promise<Quote> {
  const library = await import('@phala/dcap-qvl');
  try {
    return library.Quote.parse(bytes);
  } catch (error) {
    throw new Refusal('MALFORMED', 'quote: cannot be read', { cause: error });
  }
}

/** The signed part, the length of what follows it, and that many bytes; zeros may follow. */
function checkLength(bytes: Uint8Array, quote: Quote): void {
  const signed = quote.signedLength();
  const authLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(signed, true);
  if (bytes.subarray(signed + 4 + authLength).some((byte) => byte !== 0)) {
    throw new Refusal('MALFORMED', 'quote: bytes after its end');
  }
}

function contentOf(quote: Quote): Omit<DcapQuote, 'quotingEnclave' | 'certificates'> {
  const version = quote.header.version;
  const sgx = quote.report.asSgx();
  if (sgx !== null && version === 3) {
    return {
      kind: 'sgx',
      version,
      reportData: sgx.reportData,
      debug: (sgx.attributes[0]! & DEBUG_FLAG) !== 0,
      measurements: { mrEnclave: sgx.mrEnclave, mrSigner: sgx.mrSigner, attributes: sgx.attributes },
      productId: sgx.isvProdId,
      svn: sgx.isvSvn,
    };
  }
  const td = quote.report.asTd10();
  if (td === null) throw new Refusal('UNSUPPORTED', `quote: SGX in version ${version}, expected 3`);
  const { mrTd, rtMr0, rtMr1, rtMr2, rtMr3, mrConfigId, mrOwner, mrOwnerConfig, mrSeam, tdAttributes } = td;
  return {
    kind: 'tdx',
    version,
    reportData: td.reportData,
    // The whole first byte means "under debug": one flag today, the others reserved for the same.
    debug: tdAttributes[0] !== 0,
    measurements: {
      mrTd,
      rtMr0,
      rtMr1,
      rtMr2,
      rtMr3,
      mrConfigId,
      mrOwner,
      mrOwnerConfig,
      mrSeam,
      tdAttributes,
    },
    tdxModule: { svn: td.teeTcbSvn, signer: td.mrSignerSeam, attributes: td.seamAttributes },
  };
}

function quotingEnclaveOf(quote: Quote): DcapQuote['quotingEnclave'] {
  const { qeReport } = quote.authData.intoV3();
  return {
    svn: qeReport[SVN_OFFSET]! + 256 * qeReport[SVN_OFFSET + 1]!,
    debug: (qeReport[ATTRIBUTES_OFFSET]! & DEBUG_FLAG) !== 0,
  };
}

function textOf(bytes: Uint8Array): string {
  try {
    // Some quoting enclaves end the text with a zero byte.
    return fromUtf8(bytes).replace(/\0+$/, '');
  } catch {
    throw new Refusal('MALFORMED', 'quote: its certificate chain is not text');
  }
}
