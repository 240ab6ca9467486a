import { constants } from '@phala/dcap-qvl';
import { describe, expect, test } from 'vitest';
import { verifyCollateral } from '#dcap/collateral.js';
import { parseCertificate, parsePem } from '#x509/certificate.js';
import { verifyChain } from '#x509/chain.js';
import { GENOA_INTERMEDIATE_AND_ARK } from './support/amd-published.js';
import { PCK_CRL, PCK_PROCESSOR_CA, ROOT_CRL, TCB_SIGNING } from './support/intel-published.js';

const root = parseCertificate(Uint8Array.from(constants.TRUSTED_ROOT_CA_DER));
const dates = JSON.stringify({ issueDate: '2025-06-19T10:56:11Z', nextUpdate: '2025-07-19T10:56:11Z' });
const collateral = {
  pck_crl_issuer_chain: PCK_PROCESSOR_CA,
  root_ca_crl: ROOT_CRL,
  pck_crl: PCK_CRL,
  tcb_info_issuer_chain: TCB_SIGNING,
  tcb_info: dates,
  tcb_info_signature: '',
  qe_identity_issuer_chain: TCB_SIGNING,
  qe_identity: dates,
  qe_identity_signature: '',
};

describe("Intel's own certificates and revocation lists", () => {
  test('lead to the root that is built in', async () => {
    const lists = await verifyCollateral(collateral, root, new Date('2025-06-25'));
    expect(lists.map(({ revoked }) => revoked.size)).toEqual([0, 0]);
  });

  test('are read as what they are', () => {
    const [authority, signer] = [...parsePem(PCK_PROCESSOR_CA), ...parsePem(TCB_SIGNING)];
    expect([root.isAuthority, authority!.isAuthority, signer!.isAuthority]).toEqual([true, true, false]);
    expect(root.notAfter.toISOString()).toBe('2049-12-31T23:59:59.000Z');
    expect(authority!.serial).toBe('00d0e8aada75d7f92e4917983c7b1465d0d5f2594d');
  });

  test.each([
    ['before the revocation lists', '2025-06-19T10:00:00Z', 'EXPIRED'],
    ['after them', '2025-07-20', 'EXPIRED'],
  ])('are refused %s', async (_when, now, code) => {
    await expect(verifyCollateral(collateral, root, new Date(now))).rejects.toMatchObject({ code });
  });

  test('do not stand in for each other', async () => {
    const now = new Date('2025-06-25');
    const swapped = { ...collateral, root_ca_crl: PCK_CRL, pck_crl: ROOT_CRL };
    await expect(verifyCollateral(swapped, root, now)).rejects.toMatchObject({ code: 'COLLATERAL_INVALID' });
    const byAuthority = { ...collateral, tcb_info_issuer_chain: PCK_PROCESSOR_CA };
    await expect(verifyCollateral(byAuthority, root, now)).rejects.toMatchObject({
      code: 'COLLATERAL_INVALID',
    });
  });
});

describe("AMD's own certificates", () => {
  const [intermediate, ark] = parsePem(GENOA_INTERMEDIATE_AND_ARK);

  test('lead to their root', async () => {
    expect([intermediate!.isAuthority, ark!.isAuthority, ark!.algorithm]).toEqual([
      true,
      true,
      'rsa-pss-sha384',
    ]);
    await verifyChain([intermediate!], ark!, [], new Date('2026-01-01'));
  });

  test('are refused when one byte is another, or too early', async () => {
    const altered = intermediate!.raw.slice();
    altered[altered.length - 1]! ^= 1;
    const chain = verifyChain([parseCertificate(altered)], ark!, [], new Date('2026-01-01'));
    await expect(chain).rejects.toMatchObject({ code: 'UNTRUSTED_CHAIN' });
    const early = verifyChain([intermediate!], ark!, [], new Date('2022-01-01'));
    await expect(early).rejects.toMatchObject({ code: 'EXPIRED' });
  });
});
