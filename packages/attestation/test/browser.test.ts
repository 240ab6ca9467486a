import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Policy, RegistrationParams, Verdict } from '@enigma-worker/attestation';
import { randomBytes } from '@enigma-worker/crypto';
import { FakeAmd } from './support/amd.js';
import { FakeIntel, NOW } from './support/intel.js';
import { registration, reportData } from './support/worker.js';

type Verify = (params: RegistrationParams, policy: Policy) => Promise<Verdict>;

let verifyInBrowser: Verify;
const errors: unknown[] = [];

// A bundle as a web page would get it, run without what only Node has.
beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { verifyReport } from '@enigma-worker/attestation';`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'attestation',
    platform: 'browser',
    logLevel: 'error',
  });
  const browserless = ['process', 'Buffer', 'require', 'module', 'exports', 'setImmediate', 'global'];
  // oxlint-disable-next-line typescript/no-implied-eval -- the bundle runs with what only Node has hidden from it
  const load = new Function(
    'window',
    'console',
    ...browserless,
    `${outputFiles[0]!.text}; return attestation;`,
  ) as (window: object, console: object) => { verifyReport: Verify };
  const console = {
    error: (...parts: unknown[]) => errors.push(parts),
    warn: () => undefined,
    log: () => undefined,
  };
  verifyInBrowser = load({}, console).verifyReport;
});

const intel = new FakeIntel();
const amd = new FakeAmd();
const mrEnclave = randomBytes(32);
const mrTd = randomBytes(48);
const measurement = randomBytes(48);
const policy = (tee: 'SGX' | 'TDX'): Policy => ({
  now: NOW,
  measurements: [
    { kind: 'sgx', mrEnclave },
    { kind: 'tdx', mrTd },
    { kind: 'sev-snp', measurement },
  ],
  dcap: intel.policy(tee),
  sevSnp: amd.policy(),
});

describe('in a browser', () => {
  test('good reports are accepted', async () => {
    const sgx = registration('sgx', intel.sgxQuote(reportData, { mrEnclave }));
    const tdx = registration('tdx', intel.tdxQuote(reportData, { mrTd }));
    const snp = registration('sev-snp', amd.report(reportData, { measurement }), amd.table());
    expect(await verifyInBrowser(sgx, policy('SGX'))).toMatchObject({ ok: true });
    expect(await verifyInBrowser(tdx, policy('TDX'))).toMatchObject({ ok: true });
    expect(await verifyInBrowser(snp, policy('SGX'))).toMatchObject({ ok: true });
    expect(errors).toEqual([]);
  });

  test('altered ones are refused', async () => {
    const quote = intel.sgxQuote(reportData, { mrEnclave });
    for (const at of [4, 200, 440, 500, 600, 1_000]) {
      const altered = quote.slice();
      altered[at]! ^= 1;
      expect(await verifyInBrowser(registration('sgx', altered), policy('SGX'))).toMatchObject({ ok: false });
    }
    const simulation = registration('simulation', reportData);
    expect(await verifyInBrowser(simulation, policy('SGX'))).toMatchObject({
      ok: false,
      code: 'SIMULATION_NOT_ALLOWED',
    });
  });
});
