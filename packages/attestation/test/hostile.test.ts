import * as fc from 'fast-check';
import {
  encodeEvidence,
  parseEvidence,
  type Policy,
  type RegistrationParams,
  verifyReport,
} from '@enigma-worker/attestation';
import { randomBytes, utf8 } from '@enigma-worker/crypto';
import { describe, expect, test } from 'vitest';
import { FakeAmd } from './support/amd.js';
import { FakeIntel, NOW } from './support/intel.js';
import { claims, registration, registrationOf, reportData, signingKey } from './support/worker.js';

const intel = new FakeIntel();
const amd = new FakeAmd();
const cloud = new FakeAmd({ key: 'vlek' });
const measurement = randomBytes(48);
const policy: Policy = {
  now: NOW,
  measurements: [
    { kind: 'sgx', mrEnclave: new Uint8Array(32) },
    { kind: 'tdx', mrTd: new Uint8Array(48) },
    { kind: 'sev-snp', measurement },
  ],
  dcap: intel.policy('SGX'),
  sevSnp: amd.policy({ certificates: [amd.vcek.der, amd.ask.der] }),
  allowSimulation: true,
};
const vlekPolicy: Policy = {
  ...policy,
  sevSnp: cloud.policy({ certificates: [cloud.vcek.der, cloud.ask.der] }),
};
const tdxPolicy: Policy = { ...policy, dcap: intel.policy('TDX') };

const sgxQuote = intel.sgxQuote(reportData);
const tdxQuote = intel.tdxQuote(reportData);
const snpReport = amd.report(reportData, { measurement });
const vlekReport = cloud.report(reportData, { measurement });

const isAccepted = async (params: RegistrationParams, by = policy): Promise<boolean> =>
  (await verifyReport(params, by)).ok;

test('the quotes that the tests below spoil are good', async () => {
  expect(await isAccepted(registration('sgx', sgxQuote))).toBe(true);
  expect(await isAccepted(registration('tdx', tdxQuote), tdxPolicy)).toBe(true);
  expect(await isAccepted(registration('sev-snp', snpReport))).toBe(true);
  expect(await isAccepted(registration('sev-snp', vlekReport), vlekPolicy)).toBe(true);
  expect(await isAccepted(registration('simulation', reportData))).toBe(true);
});

describe('a quote is refused', () => {
  test('cut at every byte', { timeout: 120_000 }, async () => {
    const start = process.cpuUsage();
    let count = 0;
    for (const [kind, quote, by] of [
      ['sgx', sgxQuote, policy],
      ['tdx', tdxQuote, tdxPolicy],
      ['sev-snp', snpReport, policy],
      ['sev-snp', vlekReport, vlekPolicy],
    ] as const) {
      for (let length = 0; length < quote.length; length++) {
        // The zeros at the end of a report's signature field are part of its length.
        expect(await isAccepted(registration(kind, quote.subarray(0, length)), by)).toBe(false);
        count++;
      }
    }
    // Bounded in time: a few milliseconds each, with much room.
    expect(process.cpuUsage(start).user / count).toBeLessThan(20_000);
  });

  test('with any byte of its signed part changed', { timeout: 120_000 }, async () => {
    for (const [kind, quote, by, signed] of [
      ['sgx', sgxQuote, policy, 432],
      ['tdx', tdxQuote, tdxPolicy, 632],
      ['sev-snp', snpReport, policy, 672],
      ['sev-snp', vlekReport, vlekPolicy, 672],
    ] as const) {
      for (let at = 0; at < signed; at += 7) {
        const altered = quote.slice();
        altered[at]! ^= 0x41;
        expect(await isAccepted(registration(kind, altered), by)).toBe(false);
      }
    }
  });

  test('with length fields that lie', async () => {
    // Length of the authentication data; then lengths in it: QE authentication data, certificates.
    const fields = [432, 432 + 4 + 64 + 64 + 384 + 64, 432 + 4 + 64 + 64 + 384 + 64 + 2 + 32 + 2];
    for (const at of fields) {
      for (const value of [0, 1, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff]) {
        const altered = sgxQuote.slice();
        const view = new DataView(altered.buffer);
        if (at === fields[1]) view.setUint16(at, value & 0xffff, true);
        else view.setUint32(at, value, true);
        expect(await isAccepted(registration('sgx', altered))).toBe(false);
      }
    }
  });

  test('that is too long', async () => {
    expect(await isAccepted(registration('sgx', new Uint8Array(1 << 17)))).toBe(false);
    expect(await isAccepted(registrationOf(new Uint8Array(2 << 20)))).toBe(false);
  });

  test('with many certificates in a row', async () => {
    const certificate = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n';
    const chain = utf8(certificate.repeat(900));
    const start = 432 + 4 + 64 + 64 + 384 + 64 + 2 + 32 + 2;
    const altered = new Uint8Array(start + 4 + chain.length);
    altered.set(sgxQuote.subarray(0, start));
    altered.set(chain, start + 4);
    const view = new DataView(altered.buffer);
    view.setUint32(start, chain.length, true);
    view.setUint32(432, altered.length - 436, true);
    expect(await isAccepted(registration('sgx', altered))).toBe(false);
  });

  test('whatever bytes change, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(sgxQuote.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const altered = sgxQuote.slice();
        altered[at]! ^= flip;
        const verdict = await verifyReport(registration('sgx', altered), policy);
        // The text of the certificates has white space that may change; nothing else may.
        if (verdict.ok) expect(at).toBeGreaterThan(432 + 4 + 64 + 64 + 384 + 64);
      }),
      { numRuns: 300 },
    );
  });
});

describe('evidence', () => {
  test('survives its encoding', () => {
    const evidence = { kind: 'sev-snp', quote: randomBytes(9), auxblob: randomBytes(3), claims } as const;
    expect(parseEvidence(encodeEvidence(evidence))).toEqual(evidence);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['another format', { format: 'x' }],
    ['no kind', { format: 'enigma-attestation/1' }],
    ['an unknown kind', { format: 'enigma-attestation/1', kind: 'epid', quote: '', claims: {} }],
    ['no claims', { format: 'enigma-attestation/1', kind: 'sgx', quote: '' }],
    [
      'a quote that is not hex',
      {
        format: 'enigma-attestation/1',
        kind: 'sgx',
        quote: 'xyz',
        claims: { ...claims, codeMeasurement: '' },
      },
    ],
    ['an inherited kind', { format: 'enigma-attestation/1', kind: 'constructor', quote: '', claims: {} }],
  ])('of %s is refused', async (_name, json) => {
    const report = utf8(JSON.stringify(json) ?? '');
    expect(await verifyReport(registrationOf(report), policy)).toMatchObject({
      ok: false,
      code: 'MALFORMED',
    });
  });

  test('of any bytes is refused, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (report) => {
        expect(await isAccepted(registrationOf(report))).toBe(false);
      }),
    );
  });

  test('is refused when the signing key did not sign it', async () => {
    const good = registration('simulation', reportData);
    const notSigned = { ok: false, code: 'NOT_BY_SIGNING_KEY' };
    expect(await verifyReport({ ...good, signature: new Uint8Array(65) }, policy)).toMatchObject(notSigned);
    expect(await verifyReport({ ...good, signature: new Uint8Array() }, policy)).toMatchObject(notSigned);
    expect(await verifyReport({ ...good, signingKey: randomBytes(20) }, policy)).toMatchObject(notSigned);
    expect(await verifyReport({ ...good, signingKey: signingKey.subarray(1) }, policy)).toMatchObject(
      notSigned,
    );
  });
});

describe('claims', () => {
  test.each([
    [
      {
        protocolVersions: [claims.protocolVersion],
        codeMeasurements: [claims.codeMeasurement],
        sealingModes: [claims.sealingMode],
      },
      'ok',
    ],
    [{ protocolVersions: ['other'] }, 'CLAIM_NOT_ACCEPTED'],
    [{ codeMeasurements: [randomBytes(32)] }, 'CLAIM_NOT_ACCEPTED'],
    [{ sealingModes: [] }, 'CLAIM_NOT_ACCEPTED'],
  ])('are accepted as the policy says', async (accepted, expected) => {
    const verdict = await verifyReport(registration('simulation', reportData), {
      ...policy,
      claims: accepted,
    });
    expect(verdict.ok ? 'ok' : verdict.code).toBe(expected);
  });

  test('are bound to the report', async () => {
    const report = encodeEvidence({
      kind: 'simulation',
      quote: reportData,
      claims: { ...claims, sealingMode: 'simulation' },
    });
    expect(await verifyReport(registrationOf(report), policy)).toMatchObject({
      code: 'REPORT_DATA_MISMATCH',
    });
  });
});
