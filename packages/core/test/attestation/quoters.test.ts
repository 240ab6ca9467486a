import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from '@enigma-worker/crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { gramineQuoter } from '#enclave/attestation/gramine.js';
import { systemFiles } from '#enclave/attestation/kernel-files.js';
import { tsmQuoter } from '#enclave/attestation/tsm.js';
import { FakeGramine, FakeTsm, type Faults, holds, sgxQuote } from './support/fake-kernel.js';

const root = '/tsm/report';
const reportData = randomBytes(64);
const withCode = (code: string) => expect.objectContaining({ name: 'AttestationError', code }) as Error;

function tsm(provider: string | undefined, faults?: Faults, auxblob?: Uint8Array) {
  const files = new FakeTsm(root, provider, faults, auxblob);
  return { files, quoter: tsmQuoter({ root, files, timeout: 50 }) };
}

describe('configfs-tsm', () => {
  test('gives a TDX quote and removes its folder', async () => {
    const { files, quoter } = tsm('tdx_guest');
    const { kind, quote, auxblob } = await quoter.quote(reportData);
    expect(kind).toBe('tdx');
    expect(holds(quote, reportData, 568)).toBe(true);
    expect(auxblob).toBeUndefined();
    expect([files.folders.size, files.removed]).toEqual([0, 1]);
  });

  test('gives an SEV-SNP report with its certificates', async () => {
    const table = randomBytes(4096);
    const { kind, quote, auxblob } = await tsm('sev_guest', {}, table).quoter.quote(reportData);
    expect(kind).toBe('sev-snp');
    expect(holds(quote, reportData, 80)).toBe(true);
    expect(auxblob).toEqual(table);
  });

  test('does without certificates when the host gives none', async () => {
    expect(await tsm('sev_guest').quoter.quote(reportData)).not.toHaveProperty('auxblob');
    expect(await tsm('sev_guest', {}, new Uint8Array()).quoter.quote(reportData)).not.toHaveProperty(
      'auxblob',
    );
  });

  test('serves many at a time, each in a folder of its own', async () => {
    const { files, quoter } = tsm('tdx_guest');
    const all = Array.from({ length: 10 }, () => randomBytes(64));
    const quotes = await Promise.all(all.map((data) => quoter.quote(data)));
    expect(quotes.every(({ quote }, index) => holds(quote, all[index]!, 568))).toBe(true);
    expect([files.folders.size, files.removed]).toEqual([0, 10]);
  });

  test.each<[string, string | undefined, Faults, string]>([
    ['no provider', undefined, {}, 'PROVIDER_MISSING'],
    ['a provider of another kind', 'arm_cca_guest', {}, 'PROVIDER_MISSING'],
    ['permission denied', 'tdx_guest', { folderErrors: ['EACCES'] }, 'PERMISSIONS'],
    ['busy', 'tdx_guest', { readErrors: ['EBUSY'] }, 'BUSY'],
    ['interrupted', 'tdx_guest', { readErrors: ['EINTR'] }, 'BUSY'],
    ['too large a report', 'tdx_guest', { readErrors: ['EFBIG'] }, 'OVERSIZE'],
    ['an input error', 'tdx_guest', { readErrors: ['EIO'] }, 'IO'],
    ['a write that the kernel dropped', 'tdx_guest', { dropWrites: 1 }, 'IO'],
    ['somebody else who writes', 'tdx_guest', { otherWriters: 1 }, 'GENERATION_RACE'],
    ['a host that never answers', 'tdx_guest', { hang: true }, 'TIMEOUT'],
  ])('tells %s', async (_name, provider, faults, code) => {
    const { files, quoter } = tsm(provider, faults);
    await expect(quoter.quote(reportData)).rejects.toThrow(withCode(code));
    if (faults.hang !== true) expect(files.folders.size).toBe(0);
  });

  test('tells too large certificates', async () => {
    const { quoter } = tsm('sev_guest', {}, randomBytes(1 << 17));
    await expect(quoter.quote(reportData)).rejects.toThrow(withCode('OVERSIZE'));
  });

  test('is not there on a machine without it', async () => {
    const quoter = tsmQuoter({ root: join(tmpdir(), 'no-such-configfs', 'report') });
    await expect(quoter.quote(reportData)).rejects.toThrow(withCode('PROVIDER_MISSING'));
  });
});

describe('Gramine', () => {
  test('gives a quote over the report data', async () => {
    const quoter = gramineQuoter({ root: '/gramine', files: new FakeGramine('dcap') });
    const { kind, quote } = await quoter.quote(reportData);
    expect(kind).toBe('sgx');
    expect(holds(quote, reportData, 368)).toBe(true);
  });

  test('keeps requests apart, although there is one report data for the enclave', async () => {
    const quoter = gramineQuoter({ root: '/gramine', files: new FakeGramine('dcap') });
    const all = Array.from({ length: 5 }, () => randomBytes(64));
    const quotes = await Promise.all(all.map((data) => quoter.quote(data)));
    expect(quotes.every(({ quote }, index) => holds(quote, all[index]!, 368))).toBe(true);
  });

  test.each([
    ['no Gramine', new FakeGramine(undefined), 'PROVIDER_MISSING'],
    ['a manifest without attestation', new FakeGramine('none'), 'PROVIDER_MISSING'],
    ['permission denied', new FakeGramine('dcap', { readErrors: ['EACCES'] }), 'PERMISSIONS'],
    ['a quoting service that is away', new FakeGramine('dcap', { readErrors: ['EAGAIN'] }), 'BUSY'],
    [
      'a quote that is too short',
      Object.assign(new FakeGramine('dcap'), { quoteLength: 100 }),
      'INVALID_QUOTE',
    ],
    ['a quote that is too long', Object.assign(new FakeGramine('dcap'), { quoteLength: 9_000 }), 'OVERSIZE'],
  ])('tells %s', async (_name, files, code) => {
    await expect(gramineQuoter({ root: '/gramine', files }).quote(reportData)).rejects.toThrow(
      withCode(code),
    );
  });

  test('goes on after a failure', async () => {
    const quoter = gramineQuoter({
      root: '/gramine',
      files: new FakeGramine('dcap', { readErrors: ['EIO'] }),
    });
    await expect(quoter.quote(reportData)).rejects.toThrow(withCode('IO'));
    expect((await quoter.quote(reportData)).kind).toBe('sgx');
  });

  test('is reached over real files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gramine-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, 'attestation_type'), 'dcap\n');
    await writeFile(join(folder, 'user_report_data'), new Uint8Array(64));
    await writeFile(join(folder, 'quote'), sgxQuote(reportData));
    const quoter = gramineQuoter({ root: folder });
    expect(holds((await quoter.quote(reportData)).quote, reportData, 368)).toBe(true);
    expect(await systemFiles.read(join(folder, 'user_report_data'), 64)).toEqual(reportData);
    await expect(quoter.quote(randomBytes(64))).rejects.toThrow(withCode('INVALID_QUOTE'));
  });
});
