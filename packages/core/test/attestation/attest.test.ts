import { encodeReportData, parseEvidence, PROTOCOL_VERSION, verifyReport } from '@enigma-worker/attestation';
import { addressOf, generateKeyPair, randomBytes, sign } from '@enigma-worker/crypto';
import { describe, expect, test } from 'vitest';
import { attestBy, type AttestOptions } from '#enclave/attestation/attest.js';
import { gramineQuoter } from '#enclave/attestation/gramine.js';
import { openAttestation } from '#enclave/attestation/open-attestation.js';
import { AttestationError, type AttestedIdentity } from '#enclave/attestation/provider.js';
import { type Quoter, simulationQuoter } from '#enclave/attestation/quoter.js';
import { FakeGramine, holds } from './support/fake-kernel.js';

const codeMeasurement = randomBytes(32);
const options: AttestOptions = {
  measureCode: () => Promise.resolve(codeMeasurement),
  firstPause: 1,
  patience: 60_000,
};

function newIdentity(): AttestedIdentity {
  const { privateKey, publicKey } = generateKeyPair();
  return {
    signingAddress: addressOf(publicKey),
    sealingMode: 'key-file',
    sign: (message) => sign(message, privateKey),
  };
}

/** Counts quotes and fails where told to. */
function flaky(...outcomes: readonly (AttestationError | 'ok')[]): Quoter & { count: number } {
  return {
    kind: 'simulation',
    count: 0,
    async quote(reportData) {
      const outcome = outcomes[this.count++] ?? outcomes.at(-1);
      if (outcome instanceof AttestationError) throw outcome;
      return await simulationQuoter.quote(reportData);
    },
  };
}

const busy = new AttestationError('BUSY', 'busy');
const denied = new AttestationError('PERMISSIONS', 'denied');

describe('a report', () => {
  test('of a simulation verifies only where simulation is allowed', async () => {
    const identity = newIdentity();
    const { report, signature } = await attestBy(simulationQuoter, options).report(identity);
    const params = { signingKey: identity.signingAddress, report, signature };
    const now = new Date();
    expect(await verifyReport(params, { now })).toMatchObject({ ok: false, code: 'SIMULATION_NOT_ALLOWED' });
    expect(await verifyReport(params, { now, allowSimulation: true })).toMatchObject({ ok: true });
    expect(new TextDecoder().decode(report)).toContain('SIMULATION');
  });

  test('binds signing address and claims to the quote', async () => {
    const identity = newIdentity();
    const quoter = gramineQuoter({ root: '/gramine', files: new FakeGramine('dcap') });
    const { report } = await attestBy(quoter, options).report(identity);
    const { kind, quote, claims } = parseEvidence(report);
    expect(kind).toBe('sgx');
    expect(claims).toEqual({ protocolVersion: PROTOCOL_VERSION, codeMeasurement, sealingMode: 'key-file' });
    expect(holds(quote, encodeReportData(identity.signingAddress, claims), 368)).toBe(true);
  });
});

describe('retries', () => {
  test('go on while a failure may pass', async () => {
    const quoter = flaky(busy, busy, 'ok');
    await attestBy(quoter, options).report(newIdentity());
    expect(quoter.count).toBe(3);
  });

  test('end at their number', async () => {
    const quoter = flaky(busy);
    await expect(attestBy(quoter, { ...options, retries: 2 }).report(newIdentity())).rejects.toBe(busy);
    expect(quoter.count).toBe(3);
  });

  test('are not made for what does not pass', async () => {
    const quoter = flaky(denied);
    await expect(attestBy(quoter, options).report(newIdentity())).rejects.toBe(denied);
    expect(quoter.count).toBe(1);
  });
});

test('a report can be had again after its code could not be read once', async () => {
  const unreadable = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  let asked = 0;
  const measureCode = (): Promise<Uint8Array> =>
    ++asked === 1 ? Promise.reject(unreadable) : Promise.resolve(codeMeasurement);
  const provider = attestBy(simulationQuoter, { ...options, measureCode, refreshAfter: 0 });
  const identity = newIdentity();
  await expect(provider.report(identity)).rejects.toBe(unreadable);
  const { report } = await provider.report(identity);
  expect(parseEvidence(report)).toMatchObject({ claims: { codeMeasurement } });
  await provider.report(identity);
  expect(asked).toBe(2);
});

describe('the cache', () => {
  test('gives the same report until it is due, then a new one', async () => {
    let now = 0;
    const quoter = flaky('ok');
    const provider = attestBy(quoter, { ...options, refreshAfter: 1_000, now: () => now });
    const identity = newIdentity();
    const first = await provider.report(identity);
    now = 999;
    expect(await provider.report(identity)).toBe(first);
    now = 1_000;
    expect(await provider.report(identity)).not.toBe(first);
    expect(quoter.count).toBe(2);
  });

  test('gives the old report while a new one cannot be had', async () => {
    let now = 0;
    const quoter = flaky('ok', denied, 'ok');
    const provider = attestBy(quoter, { ...options, refreshAfter: 1_000, now: () => now });
    const identity = newIdentity();
    const first = await provider.report(identity);
    now = 1_000;
    expect(await provider.report(identity)).toBe(first);
    expect(await provider.report(identity)).not.toBe(first);
  });

  test('gives the old report while the platform does not answer, and asks it once', async () => {
    let now = 0;
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let count = 0;
    const quoter: Quoter = {
      kind: 'simulation',
      async quote(reportData) {
        if (++count > 1) await answered;
        return await simulationQuoter.quote(reportData);
      },
    };
    const provider = attestBy(quoter, { ...options, refreshAfter: 1_000, patience: 1, now: () => now });
    const identity = newIdentity();
    const first = await provider.report(identity);
    now = 1_000;
    expect(await provider.report(identity)).toBe(first);
    expect(await provider.report(identity)).toBe(first);
    expect(count).toBe(2);
    answer();
    await expect.poll(() => provider.report(identity)).not.toBe(first);
    expect(count).toBe(2);
  });

  test('never gives the report of another identity', async () => {
    const provider = attestBy(flaky('ok', 'ok', denied), options);
    const [a, b] = [newIdentity(), newIdentity()];
    expect(await provider.report(a)).not.toBe(await provider.report(b));
    await expect(provider.report(a)).rejects.toBe(denied);
  });
});

describe('choosing a platform', () => {
  test('falls back to a simulation where there is none', () => {
    const nowhere = { gramine: { root: '/no/gramine' }, tsm: { root: '/no/tsm' } };
    expect(openAttestation({ kind: 'auto', ...nowhere }).kind).toBe('simulation');
    expect(openAttestation({ kind: 'auto', ...nowhere, tsm: { root: '/tmp' } }).kind).toBe('tsm');
    expect(openAttestation({ kind: 'gramine' }).kind).toBe('gramine');
  });
});
