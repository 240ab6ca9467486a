import { equalBytes } from '@enigma-worker/crypto';
import type { DcapPolicy } from '../policy.js';
import { Refusal } from '../refusal.js';
import { parseCertificate } from '../x509/certificate.js';
import { verifyChain } from '../x509/chain.js';
import { verifyCollateral } from './collateral.js';
import { isPlatformCertificate, platformOf } from './pck.js';
import { type DcapQuote, parseQuote } from './quote.js';
import { judgeTcb, matchTcb, type TcbVerdict } from './tcb.js';

/** A DCAP quote that is genuine. */
export interface VerifiedQuote {
  readonly quote: DcapQuote;
  readonly tcb: TcbVerdict;
}

/** The library's words for an enclave or machine in debug mode: its last check of all. */
const LIBRARY_REFUSES_DEBUG = 'Debug mode is enabled';

/**
 * Verifies an SGX v3 or TDX v4 or v5 quote: first the collateral and the certificate chains, revocation
 * included, by our own code; then everything once more and the quote's signatures by `@phala/dcap-qvl`;
 * then the TCB status against the policy. Both have to agree.
 * @throws Refusal
 */
export async function verifyQuote(
  bytes: Uint8Array,
  policy: DcapPolicy,
  allowDebug: boolean,
  now: Date,
): Promise<VerifiedQuote> {
  const quote = await parseQuote(bytes);
  const rootDer = policy.rootCa ?? (await intelRoot());
  const root = parseCertificate(rootDer);
  const lists = await verifyCollateral(policy.collateral, root, now);
  const [pck] = quote.certificates;
  if (pck === undefined || pck.isAuthority || !isPlatformCertificate(pck)) {
    throw new Refusal('UNTRUSTED_CHAIN', 'quote: not signed on behalf of a platform');
  }
  await verifyChain(quote.certificates, root, lists, now);
  if (!lists.some((list) => equalBytes(list.issuer, pck.issuer))) {
    throw new Refusal(
      'COLLATERAL_MISSING',
      'collateral: no revocation list of the authority that issued the platform certificate',
    );
  }
  await verifyByLibrary(bytes, quote, policy, rootDer, allowDebug, now);
  if (quote.debug && !allowDebug)
    throw new Refusal('DEBUG_NOT_ALLOWED', 'quote: in debug mode, its host can look inside');
  const tcb = matchTcb(policy.collateral, platformOf(pck), quote.quotingEnclave.svn, quote.tdxModule);
  judgeTcb(tcb, policy, now);
  return { quote, tcb };
}

async function verifyByLibrary(
  bytes: Uint8Array,
  quote: DcapQuote,
  policy: DcapPolicy,
  rootDer: Uint8Array,
  allowDebug: boolean,
  now: Date,
): Promise<void> {
  const { QuoteVerifier, constants } = await import('@phala/dcap-qvl');
  // The library wants a Buffer, which a browser has only as part of the library.
  const BufferOfLibrary = constants.TRUSTED_ROOT_CA_DER.constructor as typeof Buffer;
  try {
    new QuoteVerifier(BufferOfLibrary.from(rootDer)).verify(
      bytes,
      { ...policy.collateral },
      now.getTime() / 1000,
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    if (reason === LIBRARY_REFUSES_DEBUG && quote.debug && !quote.quotingEnclave.debug) {
      // Everything before its last check has passed, and whether debug is allowed is for the policy.
      if (allowDebug) return;
      throw new Refusal('DEBUG_NOT_ALLOWED', 'quote: in debug mode, its host can look inside');
    }
    if (reason.startsWith('TCB status is invalid'))
      throw new Refusal('TCB_NOT_ACCEPTED', `platform: ${reason}`);
    throw new Refusal('QUOTE_NOT_GENUINE', `quote: ${reason}`, { cause: error });
  }
}

async function intelRoot(): Promise<Uint8Array> {
  const { constants } = await import('@phala/dcap-qvl');
  return Uint8Array.from(constants.TRUSTED_ROOT_CA_DER);
}
