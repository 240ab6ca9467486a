import {
  type DcapPolicy,
  type RegistrationParams,
  type TcbStatus,
  verifyReport,
} from '@enigma-worker/attestation';
import { describe, expect, test } from 'vitest';
import { FakeIntel, NOW, type TdxFields } from './support/intel.js';
import { registration, reportData } from './support/worker.js';

const intel = new FakeIntel();
const measurements = [
  { kind: 'sgx', mrEnclave: new Uint8Array(32) },
  { kind: 'tdx', mrTd: new Uint8Array(48) },
] as const;

const sgx = (from: FakeIntel) => registration('sgx', from.sgxQuote(reportData));
const tdx = (from: FakeIntel, fields: TdxFields) => registration('tdx', from.tdxQuote(reportData, fields));

async function judge(params: RegistrationParams, dcap: DcapPolicy): Promise<string> {
  const verdict = await verifyReport(params, { now: NOW, measurements, dcap });
  return verdict.ok ? 'ok' : verdict.code;
}

describe('a TDX module', () => {
  test.each<[string, TdxFields, string]>([
    ['that is current', { module: [4, 1] }, 'ok'],
    ['of the first generation', { module: [0, 0] }, 'ok'],
    ['out of date', { module: [3, 1] }, 'TCB_NOT_ACCEPTED'],
    ['that is revoked', { module: [1, 1] }, 'TCB_NOT_ACCEPTED'],
    ['below every level', { module: [0, 1] }, 'TCB_NOT_ACCEPTED'],
    ['of a generation that Intel does not name', { module: [9, 2] }, 'TCB_NOT_ACCEPTED'],
    ['of another signer', { moduleSigner: new Uint8Array(48).fill(1) }, 'QUOTE_NOT_GENUINE'],
    ['not for production', { moduleAttributes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) }, 'QUOTE_NOT_GENUINE'],
    [
      'of the first generation and another signer',
      { module: [0, 0], moduleSigner: new Uint8Array(48).fill(1) },
      'QUOTE_NOT_GENUINE',
    ],
  ])('%s', async (_name, fields, expected) => {
    for (const version of [4, 5] as const)
      expect(await judge(tdx(intel, { version, ...fields }), intel.policy('TDX'))).toBe(expected);
  });

  test('out of date has the grace period of its own levels, and tells its advisories', async () => {
    const old = tdx(intel, { module: [3, 1] });
    expect(await judge(old, intel.policy('TDX', { graceDays: 5 }))).toBe('TCB_NOT_ACCEPTED');
    const dcap = intel.policy('TDX', { graceDays: 6 });
    expect(await verifyReport(old, { now: NOW, measurements, dcap })).toMatchObject({
      report: { tcb: 'OutOfDate', advisoryIds: ['INTEL-SA-00002'] },
    });
  });

  test('of a later generation is not held against the numbers of the first', async () => {
    const other = new FakeIntel({ askedModule: 7 });
    expect(await judge(tdx(other, { module: [4, 1] }), other.policy('TDX'))).toBe('ok');
    expect(await judge(tdx(other, { module: [7, 0] }), other.policy('TDX'))).toBe('ok');
    expect(await judge(tdx(other, { module: [4, 0] }), other.policy('TDX'))).toBe('TCB_NOT_ACCEPTED');
  });
});

describe('what is out of date and needs configuration', () => {
  const other = new FakeIntel({ tcbStatus: 'ConfigurationNeeded', enclaveStatus: 'OutOfDate' });
  const both = new FakeIntel({ tcbStatus: 'OutOfDateConfigurationNeeded' });

  test('is not accepted as the one alone', async () => {
    const policy = other.policy('SGX', { acceptedTcb: ['OutOfDate', 'ConfigurationNeeded'] });
    expect(await judge(sgx(other), policy)).toBe('TCB_NOT_ACCEPTED');
    const named = other.policy('SGX', { acceptedTcb: ['OutOfDateConfigurationNeeded'] });
    expect(await judge(sgx(other), named)).toBe('ok');
  });

  test.each<[TcbStatus, string]>([
    ['SWHardeningNeeded', 'TCB_NOT_ACCEPTED'],
    ['ConfigurationNeeded', 'ok'],
    ['ConfigurationAndSWHardeningNeeded', 'ok'],
  ])('is forgiven the date alone by a grace period: %s accepted', async (accepted, expected) => {
    const policy = both.policy('SGX', { graceDays: 6, acceptedTcb: ['UpToDate', accepted] });
    expect(await judge(sgx(both), policy)).toBe(expected);
  });
});
