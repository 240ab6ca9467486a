import {
  type DcapPolicy,
  type Measurement,
  type Policy,
  type RegistrationParams,
  verifyReport,
} from '@enigma-worker/attestation';
import { randomBytes } from '@enigma-worker/crypto';
import { describe, expect, test } from 'vitest';
import { FakeIntel, type IntelOptions, NOW, type SgxFields, type TdxFields } from './support/intel.js';
import { claims, registration, reportData } from './support/worker.js';

const mrEnclave = randomBytes(32);
const mrTd = randomBytes(48);
const rtMr = [randomBytes(48), randomBytes(48), randomBytes(48), randomBytes(48)];
const intel = new FakeIntel();

const sgx = (from = intel, fields: SgxFields = {}) =>
  registration('sgx', from.sgxQuote(reportData, { mrEnclave, ...fields }));
const tdx = (from = intel, fields: TdxFields = {}) =>
  registration('tdx', from.tdxQuote(reportData, { mrTd, rtMr, ...fields }));

const measurements: Measurement[] = [
  { kind: 'sgx', mrEnclave },
  { kind: 'tdx', mrTd, rtMr },
];

async function judge(
  params: RegistrationParams,
  dcap: DcapPolicy,
  more: Partial<Policy> = {},
): Promise<string> {
  const verdict = await verifyReport(params, { now: NOW, measurements, dcap, ...more });
  return verdict.ok ? 'ok' : verdict.code;
}

describe('a good quote', () => {
  test('of SGX tells what it is of', async () => {
    const verdict = await verifyReport(sgx(), { now: NOW, measurements, dcap: intel.policy('SGX') });
    expect(verdict).toMatchObject({
      ok: true,
      report: { kind: 'sgx', debug: false, tcb: 'UpToDate', claims },
    });
    expect(verdict.ok && verdict.report.measurements['mrEnclave']).toEqual(mrEnclave);
  });

  test.each([4, 5] as const)('of TDX, version %i', async (version) => {
    expect(await judge(tdx(intel, { version }), intel.policy('TDX'))).toBe('ok');
  });

  test('may be followed by zeros', async () => {
    const quote = intel.sgxQuote(reportData, { mrEnclave });
    const padded = (byte: number) => registration('sgx', Uint8Array.of(...quote, 0, 0, byte));
    expect(await judge(padded(0), intel.policy('SGX'))).toBe('ok');
    expect(await judge(padded(1), intel.policy('SGX'))).toBe('MALFORMED');
  });
});

describe('a measurement', () => {
  const mrSigner = randomBytes(32);
  const bySigner = { kind: 'sgx', mrSigner, productId: 7, minimumVersion: 3 } as const;

  test.each<[string, SgxFields, Measurement[], string]>([
    ['of an accepted enclave', {}, [{ kind: 'sgx', mrEnclave }], 'ok'],
    ['of another enclave', {}, [{ kind: 'sgx', mrEnclave: randomBytes(32) }], 'MEASUREMENT_NOT_ACCEPTED'],
    ['where none is accepted', {}, [], 'MEASUREMENT_NOT_ACCEPTED'],
    ['of another kind', {}, [{ kind: 'tdx', mrTd }], 'MEASUREMENT_NOT_ACCEPTED'],
    ['of an accepted signer', { mrSigner, productId: 7, svn: 3 }, [bySigner], 'ok'],
    ['of an older version', { mrSigner, productId: 7, svn: 2 }, [bySigner], 'MEASUREMENT_NOT_ACCEPTED'],
    ['of another product', { mrSigner, productId: 8, svn: 3 }, [bySigner], 'MEASUREMENT_NOT_ACCEPTED'],
    ['of another signer', { productId: 7, svn: 3 }, [bySigner], 'MEASUREMENT_NOT_ACCEPTED'],
  ])('%s', async (_name, fields, accepted, expected) => {
    expect(await judge(sgx(intel, fields), intel.policy('SGX'), { measurements: accepted })).toBe(expected);
  });

  test.each<[string, Measurement & { kind: 'tdx' }, string]>([
    ['of what was booted', { kind: 'tdx', mrTd, rtMr }, 'ok'],
    ['of the firmware alone', { kind: 'tdx', mrTd }, 'ok'],
    ['of some registers', { kind: 'tdx', mrTd, rtMr: [undefined, rtMr[1]] }, 'ok'],
    ['of another boot', { kind: 'tdx', mrTd, rtMr: [undefined, rtMr[0]] }, 'MEASUREMENT_NOT_ACCEPTED'],
    ['of another firmware', { kind: 'tdx', mrTd: rtMr[0]! }, 'MEASUREMENT_NOT_ACCEPTED'],
  ])('of a machine, %s', async (_name, accepted, expected) => {
    expect(await judge(tdx(), intel.policy('TDX'), { measurements: [accepted] })).toBe(expected);
  });
});

describe('a quote is refused', () => {
  test('over other report data', async () => {
    const params = registration('sgx', intel.sgxQuote(randomBytes(64), { mrEnclave }));
    expect(await judge(params, intel.policy('SGX'))).toBe('REPORT_DATA_MISMATCH');
  });

  test('of another root', async () => {
    const { rootCa } = new FakeIntel().policy('SGX');
    expect(await judge(sgx(), { ...intel.policy('SGX'), rootCa: rootCa! })).not.toBe('ok');
    expect(await judge(sgx(new FakeIntel()), intel.policy('SGX'))).toBe('UNTRUSTED_CHAIN');
    // Without a root of its own the policy trusts Intel's.
    expect(await judge(sgx(), { collateral: intel.collateral('SGX') })).toBe('COLLATERAL_INVALID');
  });

  test('presented as another kind', async () => {
    const quote = intel.sgxQuote(reportData, { mrEnclave });
    expect(await judge(registration('tdx', quote), intel.policy('SGX'))).toBe('MALFORMED');
  });

  test('with the collateral of the other kind', async () => {
    expect(await judge(sgx(), intel.policy('TDX'))).toBe('QUOTE_NOT_GENUINE');
    expect(await judge(tdx(), intel.policy('SGX'))).toBe('QUOTE_NOT_GENUINE');
  });

  test('without collateral', async () => {
    expect(await verifyReport(sgx(), { now: NOW, measurements })).toMatchObject({
      ok: false,
      code: 'COLLATERAL_MISSING',
    });
  });

  test('in debug mode, unless that is allowed', async () => {
    for (const [params, tee] of [
      [sgx(intel, { debug: true }), 'SGX'],
      [tdx(intel, { debug: true }), 'TDX'],
    ] as const) {
      expect(await judge(params, intel.policy(tee))).toBe('DEBUG_NOT_ALLOWED');
      expect(await judge(params, intel.policy(tee), { allowDebug: true })).toBe('ok');
    }
  });

  test('with a wrong signature, also where debug is allowed', async () => {
    const good = intel.sgxQuote(reportData, { mrEnclave, debug: true });
    const altered = good.slice();
    altered[432 + 4 + 10]! ^= 1;
    const verdict = await judge(registration('sgx', altered), intel.policy('SGX'), { allowDebug: true });
    expect(verdict).toBe('QUOTE_NOT_GENUINE');
  });

  test.each<[string, IntelOptions, string]>([
    ['expired TCB info', { until: { tcbInfo: new Date('2026-06-01') } }, 'EXPIRED'],
    ['an expired QE identity', { until: { qeIdentity: new Date('2026-06-01') } }, 'EXPIRED'],
    ['an expired list of revoked platforms', { until: { pckCrl: new Date('2026-06-01') } }, 'EXPIRED'],
    ['an expired list of revoked authorities', { until: { rootCrl: new Date('2026-06-01') } }, 'EXPIRED'],
    ['an expired platform', { platformUntil: new Date('2026-06-01') }, 'EXPIRED'],
    ['a revoked platform', { revoked: 'platform' }, 'REVOKED'],
    ['a revoked authority', { revoked: 'authority' }, 'REVOKED'],
    ['a revoked TCB signer', { revoked: 'tcb-signer' }, 'REVOKED'],
    ['TCB info signed by a platform', { tcbSigner: 'platform' }, 'COLLATERAL_INVALID'],
    ['a platform out of date', { tcbStatus: 'OutOfDate' }, 'TCB_NOT_ACCEPTED'],
    ['a platform in need of configuration', { tcbStatus: 'ConfigurationNeeded' }, 'TCB_NOT_ACCEPTED'],
    ['a revoked TCB', { tcbStatus: 'Revoked' }, 'TCB_NOT_ACCEPTED'],
    ['a TCB of unknown status', { tcbStatus: 'Fine' }, 'TCB_NOT_ACCEPTED'],
  ])('with %s', async (_name, options, expected) => {
    const other = new FakeIntel(options);
    expect(await judge(sgx(other), other.policy('SGX'))).toBe(expected);
  });

  test.each([new Date('2025-12-31T23:59:59Z'), new Date('2027-01-01T00:00:01Z'), new Date(Number.NaN)])(
    'at %s',
    async (now) => {
      expect(await judge(sgx(), intel.policy('SGX'), { now })).not.toBe('ok');
    },
  );

  test('with a revocation list that somebody else signed, or that cannot be read', async () => {
    const policy = intel.policy('SGX');
    const other = new FakeIntel().collateral('SGX');
    for (const part of ['root_ca_crl', 'pck_crl'] as const) {
      for (const list of [other[part], '', '00', 'zz']) {
        const collateral = { ...policy.collateral, [part]: list };
        expect(await judge(sgx(), { ...policy, collateral })).toBe('COLLATERAL_INVALID');
      }
    }
  });

  test('with altered collateral', async () => {
    const policy = intel.policy('SGX');
    const { collateral } = policy;
    for (const [part, value] of [
      ['tcb_info', collateral.tcb_info.replace('"pcesvn":5', '"pcesvn":4')],
      ['qe_identity', collateral.qe_identity.replace('"isvsvn":8', '"isvsvn":1')],
      ['tcb_info_signature', '00'.repeat(64)],
      ['tcb_info_issuer_chain', ''],
      ['tcb_info', 'null'],
      ['tcb_info', '{}'],
    ] as const) {
      expect(await judge(sgx(), { ...policy, collateral: { ...collateral, [part]: value } })).not.toBe('ok');
    }
  });
});

describe('a TCB status', () => {
  test('is accepted when the policy names it', async () => {
    const other = new FakeIntel({ tcbStatus: 'SWHardeningNeeded' });
    expect(
      await judge(sgx(other), other.policy('SGX', { acceptedTcb: ['UpToDate', 'SWHardeningNeeded'] })),
    ).toBe('ok');
  });

  // The better level is of 10 June, five and a half days before.
  test.each([
    [5, 'TCB_NOT_ACCEPTED'],
    [6, 'ok'],
  ])('out of date has a grace period: %i days', async (graceDays, expected) => {
    const other = new FakeIntel({ tcbStatus: 'OutOfDate' });
    expect(await judge(sgx(other), other.policy('SGX', { graceDays }))).toBe(expected);
  });

  test('tells its advisories', async () => {
    const other = new FakeIntel({ tcbStatus: 'OutOfDate' });
    const policy = { now: NOW, measurements, dcap: other.policy('SGX', { acceptedTcb: ['OutOfDate'] }) };
    expect(await verifyReport(sgx(other), policy)).toMatchObject({
      report: { tcb: 'OutOfDate', advisoryIds: ['INTEL-SA-00001'] },
    });
  });
});
