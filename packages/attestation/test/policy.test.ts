import {
  describeReport,
  describeVerdict,
  encodeEvidence,
  parsePolicy,
  verifyReport,
} from '@enigma-worker/attestation';
import { randomBytes, toHex, utf8 } from '@enigma-worker/crypto';
import { describe, expect, test } from 'vitest';
import { FakeAmd } from './support/amd.js';
import { FakeIntel, NOW } from './support/intel.js';
import { claims, registration, registrationOf, reportData, signingKey } from './support/worker.js';

const intel = new FakeIntel();
const amd = new FakeAmd();
const mrEnclave = randomBytes(32);
const mrTd = randomBytes(48);
const rtMr = [randomBytes(48), randomBytes(48)];
const measurement = randomBytes(48);

const sgx = registration('sgx', intel.sgxQuote(reportData, { mrEnclave }));
const tdx = registration('tdx', intel.tdxQuote(reportData, { mrTd, rtMr }));
const snp = registration('sev-snp', amd.report(reportData, { measurement }), amd.table());
const simulation = registration('simulation', reportData);

const json = (tee: 'SGX' | 'TDX') => ({
  measurements: [
    { kind: 'sgx', mrEnclave: toHex(mrEnclave) },
    { kind: 'tdx', mrTd: toHex(mrTd), rtMr: [null, toHex(rtMr[1]!)] },
    { kind: 'sev-snp', measurement: `0x${toHex(measurement)}` },
  ],
  dcap: {
    collateral: intel.collateral(tee),
    rootCa: toHex(intel.root.der),
    acceptedTcb: ['UpToDate'],
    graceDays: 30,
  },
  sevSnp: {
    roots: [toHex(amd.ark.der)],
    revocationLists: amd.policy().revocationLists.map(toHex),
    minimumTcb: { snp: 1 },
  },
});

describe('a policy file', () => {
  test('says what is accepted', async () => {
    const policy = parsePolicy(JSON.stringify(json('SGX')), NOW);
    expect(describeVerdict(await verifyReport(sgx, policy))).toBe(
      'accepted: Intel SGX enclave; platform UpToDate',
    );
    expect((await verifyReport(snp, policy)).ok).toBe(true);
    expect((await verifyReport(tdx, parsePolicy(JSON.stringify(json('TDX')), NOW))).ok).toBe(true);
    expect(describeVerdict(await verifyReport(simulation, policy))).toMatch(
      /^refused: .*SIMULATION_NOT_ALLOWED/,
    );
  });

  test('that is empty accepts nothing', async () => {
    const policy = parsePolicy('{}', NOW);
    for (const params of [sgx, tdx, snp, simulation])
      expect((await verifyReport(params, policy)).ok).toBe(false);
  });

  test.each<[string, unknown, string]>([
    ['a list', [], 'policy'],
    ['a misspelt field', { allowDebugging: false }, 'policy.allowDebugging'],
    ['an inherited field', JSON.parse('{"__proto__": {}}'), 'policy.__proto__'],
    ['a text for a flag', { allowDebug: 'no' }, 'policy.allowDebug'],
    ['a measurement of no kind', { measurements: [{}] }, 'policy.measurements[0].kind'],
    [
      'a measurement of an inherited kind',
      { measurements: [{ kind: 'toString' }] },
      'policy.measurements[0].kind',
    ],
    ['a measurement without value', { measurements: [{ kind: 'tdx' }] }, 'policy.measurements[0].mrTd'],
    [
      'a restriction that would not be checked',
      { measurements: [{ kind: 'sgx', mrEnclave: '00'.repeat(32), minimumVersion: 2 }] },
      'policy.measurements[0].minimumVersion',
    ],
    [
      'a field of another kind',
      { measurements: [{ kind: 'tdx', mrTd: '00'.repeat(48), hostData: '00'.repeat(32) }] },
      'policy.measurements[0].hostData',
    ],
    [
      'a signer without version',
      { measurements: [{ kind: 'sgx', mrSigner: '00'.repeat(32), productId: 0 }] },
      'policy.measurements[0].minimumVersion',
    ],
    [
      'a short measurement',
      { measurements: [{ kind: 'sgx', mrEnclave: '00' }] },
      'policy.measurements[0].mrEnclave',
    ],
    ['no collateral', { dcap: {} }, 'policy.dcap.collateral'],
    ['half a collateral', { dcap: { collateral: {} } }, 'policy.dcap.collateral.pck_crl_issuer_chain'],
    ['an unknown status', { dcap: { acceptedTcb: ['Revoked'] } }, 'policy.dcap.acceptedTcb[0]'],
    ['a negative grace period', { dcap: { graceDays: -1 } }, 'policy.dcap.graceDays'],
    ['no revocation list', { sevSnp: { roots: [] } }, 'policy.sevSnp.revocationLists'],
    ['a version that is none', { sevSnp: { minimumTcb: { snp: null } } }, 'policy.sevSnp.minimumTcb.snp'],
  ])('with %s is refused, and the field named', (_name, value, field) => {
    const text = JSON.stringify(value);
    expect(() => parsePolicy(field.endsWith('__proto__') ? '{"__proto__": {}}' : text, NOW)).toThrow(
      `${field}:`,
    );
  });

  test('that is not JSON is refused', () => {
    expect(() => parsePolicy('', NOW)).toThrow(expect.objectContaining({ code: 'POLICY_MALFORMED' }));
  });
});

describe('a description', () => {
  test.each([
    ['sgx', sgx, ['mrEnclave', toHex(mrEnclave)]],
    ['tdx', tdx, ['mrTd', toHex(mrTd)]],
    ['sev-snp', snp, ['measurement', toHex(measurement)]],
    ['simulation', simulation, ['kind', 'SIMULATION: no hardware protects this worker']],
  ])('of %s tells what it holds', async (_kind, params, line) => {
    const lines = await describeReport(params);
    expect(lines).toContainEqual(line);
    expect(lines).toContainEqual(['signing address', `0x${toHex(signingKey)}`]);
    expect(lines).toContainEqual(['claims sealing', 'gramine-mrenclave']);
    expect(lines).toContainEqual(['report data', toHex(reportData)]);
  });

  test('of what cannot be read says so', async () => {
    for (const params of [
      registrationOf(utf8('x')),
      registration('sgx', new Uint8Array(9)),
      registration('sev-snp', new Uint8Array(9)),
    ]) {
      expect((await describeReport(params)).at(-1)![0]).toBe('unreadable');
    }
  });

  test("shows what a stranger's claims say on one line, and nothing that moves a terminal", async () => {
    const sealingMode = 'x\u001b[2J\u009b1A\u202e\r\naccepted: Intel SGX enclave';
    const report = encodeEvidence({
      kind: 'simulation',
      quote: reportData,
      claims: { ...claims, sealingMode, protocolVersion: 'a'.repeat(100_000) },
    });
    const shown = Object.fromEntries(await describeReport(registrationOf(report)));
    expect(shown['claims sealing']).toBe(
      String.raw`x\u{1b}[2J\u{9b}1A\u{202e}\u{d}\u{a}accepted: Intel SGX enclave`,
    );
    expect(shown['claims protocol']!.length).toBeLessThan(200);
  });
});
