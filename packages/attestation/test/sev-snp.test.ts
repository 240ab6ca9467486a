import {
  type Policy,
  type RegistrationParams,
  type SevSnpPolicy,
  verifyReport,
} from '@enigma-worker/attestation';
import { concat, randomBytes } from '@enigma-worker/crypto';
import { describe, expect, test } from 'vitest';
import { type AmdOptions, FakeAmd, type ReportFields } from './support/amd.js';
import { NOW } from './support/intel.js';
import { registration, reportData } from './support/worker.js';

const measurement = randomBytes(48);
const hostData = randomBytes(32);
const amd = new FakeAmd();

function report(fields: ReportFields = {}, from = amd, table = from.table()): RegistrationParams {
  return registration('sev-snp', from.report(reportData, { measurement, hostData, ...fields }), table);
}

async function judge(
  params: RegistrationParams,
  sevSnp: SevSnpPolicy = amd.policy(),
  more: Partial<Policy> = {},
): Promise<string> {
  const accepted = [{ kind: 'sev-snp', measurement }] as const;
  const verdict = await verifyReport(params, { now: NOW, measurements: accepted, sevSnp, ...more });
  return verdict.ok ? 'ok' : verdict.code;
}

describe('a good report', () => {
  test('tells measurement and firmware', async () => {
    const policy = {
      now: NOW,
      measurements: [{ kind: 'sev-snp', measurement, hostData } as const],
      sevSnp: amd.policy(),
    };
    const verdict = await verifyReport(report(), policy);
    expect(verdict).toMatchObject({
      ok: true,
      report: { kind: 'sev-snp', debug: false, measurements: { measurement, hostData } },
    });
    expect(verdict.ok && verdict.report.tcb).toBe('fmc 0, bootLoader 3, tee 0, snp 24, microcode 211');
  });

  test('of every known version', async () => {
    for (const version of [2, 3, 4, 5]) expect(await judge(report({ version }))).toBe('ok');
    for (const version of [0, 1, 6]) expect(await judge(report({ version }))).toBe('UNSUPPORTED');
  });

  test('of Turin, which orders its versions otherwise', async () => {
    const turin = new FakeAmd({ product: 'turin' });
    expect(await judge(report({}, turin), turin.policy())).toBe('ok');
  });

  test('with identifiers in either byte order', async () => {
    expect(await judge(report({}, amd, amd.table('efi')))).toBe('ok');
  });

  test('whose host masks the chip, or gives no certificates', async () => {
    expect(await judge(report({ chipId: new Uint8Array(64) }))).toBe('ok');
    const bare = registration('sev-snp', amd.report(reportData, { measurement }));
    expect(await judge(bare)).toBe('COLLATERAL_MISSING');
    expect(await judge(bare, amd.policy({ certificates: [amd.ask.der, amd.vcek.der] }))).toBe('ok');
  });
});

describe('of several certificates', () => {
  const second = new FakeAmd();
  const bare = (from: FakeAmd) => registration('sev-snp', from.report(reportData, { measurement }));

  test('in a policy, that of the chip that made the report counts', async () => {
    for (const key of ['vcek', 'vlek'] as const) {
      const [one, other, third] = [new FakeAmd({ key }), new FakeAmd({ key }), new FakeAmd({ key })];
      const policy = amd.policy({ certificates: [one.vcek.der, other.vcek.der, one.ask.der] });
      expect(await judge(bare(one), policy)).toBe('ok');
      expect(await judge(bare(other), policy)).toBe('ok');
      expect(await judge(bare(third), policy)).toBe('QUOTE_NOT_GENUINE');
    }
  });

  test('the one in the policy counts where the host hands out that of another key', async () => {
    const policy = amd.policy({ certificates: [second.vcek.der] });
    expect(await judge(report({}, second, amd.table()), policy)).toBe('ok');
  });
});

describe('a report is refused', () => {
  test.each<[string, ReportFields, string]>([
    ['of other code', { measurement: randomBytes(48) }, 'MEASUREMENT_NOT_ACCEPTED'],
    ['in debug mode', { debug: true }, 'DEBUG_NOT_ALLOWED'],
    ['that a migration agent may move', { migrationAgent: true }, 'MEASUREMENT_NOT_ACCEPTED'],
    ['of a lower privilege', { vmpl: 1 }, 'MEASUREMENT_NOT_ACCEPTED'],
    ['of another chip', { chipId: randomBytes(64) }, 'QUOTE_NOT_GENUINE'],
    ['of another firmware than its key', { microcode: 212 }, 'QUOTE_NOT_GENUINE'],
    ['by a kind of key whose certificate is not there', { signingKey: 1 }, 'COLLATERAL_MISSING'],
    ['by a kind of key that nobody knows', { signingKey: 2 }, 'UNSUPPORTED'],
    ['by no key', { signingKey: 7 }, 'UNSUPPORTED'],
  ])('%s', async (_name, fields, expected) => {
    expect(await judge(report(fields))).toBe(expected);
  });

  test('unless its policy allows it', async () => {
    expect(await judge(report({ debug: true }), amd.policy(), { allowDebug: true })).toBe('ok');
    expect(await judge(report({ vmpl: 1 }), amd.policy({ maximumVmpl: 1 }))).toBe('ok');
    expect(await judge(report({ migrationAgent: true }), amd.policy({ allowMigrationAgent: true }))).toBe(
      'ok',
    );
  });

  test('over other report data', async () => {
    const params = registration('sev-snp', amd.report(randomBytes(64), { measurement }), amd.table());
    expect(await judge(params)).toBe('REPORT_DATA_MISMATCH');
  });

  test('of another host data', async () => {
    const accepted = [{ kind: 'sev-snp', measurement, hostData: randomBytes(32) } as const];
    expect(await judge(report(), amd.policy(), { measurements: accepted })).toBe('MEASUREMENT_NOT_ACCEPTED');
  });

  test('below the lowest firmware', async () => {
    expect(await judge(report(), amd.policy({ minimumTcb: { microcode: 211, snp: 24 } }))).toBe('ok');
    expect(await judge(report(), amd.policy({ minimumTcb: { microcode: 212 } }))).toBe('TCB_NOT_ACCEPTED');
  });

  test.each<[string, AmdOptions, string]>([
    ['a revoked intermediate', { revoked: true }, 'REVOKED'],
    ['an expired revocation list', { listUntil: new Date('2026-06-01') }, 'EXPIRED'],
    ['an expired chip certificate', { vcekUntil: new Date('2026-06-01') }, 'EXPIRED'],
  ])('with %s', async (_name, options, expected) => {
    const other = new FakeAmd(options);
    expect(await judge(report({}, other), other.policy())).toBe(expected);
  });

  test('without root, without revocation list', async () => {
    expect(await judge(report(), amd.policy({ roots: [] }))).toBe('UNTRUSTED_CHAIN');
    expect(await judge(report(), amd.policy({ revocationLists: [] }))).toBe('COLLATERAL_MISSING');
    expect(await verifyReport(report(), { now: NOW })).toMatchObject({ code: 'COLLATERAL_MISSING' });
  });

  test('with a certificate of another chip', async () => {
    const other = new FakeAmd();
    expect(await judge(report({}, amd, other.table()))).toBe('QUOTE_NOT_GENUINE');
  });

  test('with a chip certificate that the root issued to nobody', async () => {
    const self = new FakeAmd();
    // The chain's intermediate in the place of the chip's own certificate.
    const policy = amd.policy({ certificates: [self.ask.der] });
    expect(await judge(registration('sev-snp', self.report(reportData, { measurement })), policy)).toBe(
      'COLLATERAL_MISSING',
    );
  });

  test('with a certificate table that lies', async () => {
    const table = amd.table();
    const lie = (offset: number, value: number): Uint8Array => {
      const copy = table.slice();
      new DataView(copy.buffer).setUint32(offset, value, true);
      return copy;
    };
    for (const bad of [
      lie(16, 0xffff_ffff),
      lie(20, 0xffff_ffff),
      lie(20, table.length),
      table.subarray(0, 30),
      new Uint8Array(8),
    ]) {
      expect(await judge(report({}, amd, bad))).toBe('MALFORMED');
    }
    const endless = concat(
      ...Array.from({ length: 40 }, () => concat(new Uint8Array(16).fill(1), new Uint8Array(8))),
    );
    expect(await judge(report({}, amd, endless))).toBe('MALFORMED');
  });
});

describe("a report that a cloud provider's key signed", () => {
  const cloud = new FakeAmd({ key: 'vlek' });

  test('is accepted, by way of the intermediate for such keys', async () => {
    expect(await judge(report({}, cloud), cloud.policy())).toBe('ok');
    const turin = new FakeAmd({ key: 'vlek', product: 'turin' });
    expect(await judge(report({}, turin), turin.policy())).toBe('ok');
  });

  test('is accepted with certificates of the policy, beside those of a chip', async () => {
    const bare = registration('sev-snp', cloud.report(reportData, { measurement }));
    const policy = cloud.policy({
      certificates: [amd.vcek.der, amd.ask.der, cloud.vcek.der, cloud.ask.der],
    });
    expect(await judge(bare, policy)).toBe('ok');
    expect(await judge(bare, cloud.policy())).toBe('COLLATERAL_MISSING');
    expect(await judge(bare, cloud.policy({ certificates: [cloud.vcek.der] }))).toBe('UNTRUSTED_CHAIN');
  });

  test('may be of any chip, masked or not', async () => {
    expect(await judge(report({ chipId: randomBytes(64) }, cloud), cloud.policy())).toBe('ok');
    expect(await judge(report({ chipId: new Uint8Array(64) }, cloud), cloud.policy())).toBe('ok');
  });

  test.each<[string, ReportFields, string]>([
    ['another firmware than that of the key', { microcode: 212 }, 'QUOTE_NOT_GENUINE'],
    ['a signature that says it is of a chip', { signingKey: 0 }, 'COLLATERAL_MISSING'],
    ['other code', { measurement: randomBytes(48) }, 'MEASUREMENT_NOT_ACCEPTED'],
    ['debug mode', { debug: true }, 'DEBUG_NOT_ALLOWED'],
  ])('is refused with %s', async (_name, fields, expected) => {
    expect(await judge(report(fields, cloud), cloud.policy())).toBe(expected);
  });

  test('is refused below the lowest firmware', async () => {
    const policy = cloud.policy({ minimumTcb: { snp: 25 } });
    expect(await judge(report({}, cloud), policy)).toBe('TCB_NOT_ACCEPTED');
  });

  test.each<[string, AmdOptions, string]>([
    ['a revoked intermediate', { revoked: true }, 'REVOKED'],
    ['an expired certificate', { vcekUntil: new Date('2026-06-01') }, 'EXPIRED'],
  ])('is refused with %s', async (_name, options, expected) => {
    const other = new FakeAmd({ ...options, key: 'vlek' });
    expect(await judge(report({}, other), other.policy())).toBe(expected);
  });

  test('is refused when another made it, or its certificate', async () => {
    const other = new FakeAmd({ key: 'vlek' });
    expect(await judge(report({}, cloud, other.table()), cloud.policy())).toBe('QUOTE_NOT_GENUINE');
    // The certificate of a chip's key in the place of the provider's.
    expect(await judge(report({}, cloud, amd.table()), cloud.policy())).toBe('COLLATERAL_MISSING');
    const altered = cloud.vcek.der.slice();
    altered[altered.length - 1]! ^= 1;
    const policy = cloud.policy({ certificates: [altered, cloud.ask.der] });
    const bare = registration('sev-snp', cloud.report(reportData, { measurement }));
    expect(await judge(bare, policy)).toBe('UNTRUSTED_CHAIN');
  });

  test('is judged by every revocation list of the root, and needs each to be current', async () => {
    const clean = cloud.policy().revocationLists[0]!;
    const revoked = new FakeAmd({ key: 'vlek', revoked: true });
    const lists = [clean, ...revoked.policy().revocationLists];
    expect(await judge(report({}, revoked), revoked.policy({ revocationLists: lists }))).toBe('REVOKED');
    const outdated = new FakeAmd({ listUntil: new Date('2026-06-01') }).policy().revocationLists[0]!;
    const policy = cloud.policy({ revocationLists: [clean, outdated] });
    expect(await judge(report({}, cloud), policy)).toBe('EXPIRED');
  });
});
