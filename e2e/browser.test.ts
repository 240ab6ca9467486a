import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@enigma-worker/client';
import { fromHex, toHex } from '@enigma-worker/crypto';
import { startGateway } from '@enigma-worker/gateway';
import { startTestWorker, type TestWorker } from '@enigma-worker/local';
import type { Browser, Page } from 'playwright-core';
import { build, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchChromium } from './harness/browser.js';

const pageRoot = fileURLToPath(new URL('../examples/browser', import.meta.url));
const executable = findChromium();
const reason = 'no Chromium here (apt-get install chromium, or name one in CHROMIUM)';
if (executable === undefined) {
  if (!process.env['CI']) console.warn(`e2e/browser.test.ts is left out: ${reason}`);
  else test('CI has a browser', () => expect.fail(reason));
}

describe.skipIf(executable === undefined)('the auction page in Chromium', () => {
  const cleanup: (() => unknown)[] = [];
  /** Everything that the page sent to and got from the gateway. */
  const wire: string[] = [];
  /** What the browser complained of. */
  const complaints: string[] = [];
  let worker: TestWorker;
  let page: Page;
  /** A page of its own for a link with these parameters and this hash, and what went wrong in it. */
  let follow: (query: Record<string, string>, hash?: string) => Promise<{ page: Page; errors: string[] }>;

  beforeAll(async () => {
    const outDir = await mkdtemp(join(tmpdir(), 'enigma-page-'));
    cleanup.push(() => rm(outDir, { recursive: true, force: true }));
    await build({ root: pageRoot, logLevel: 'error', build: { outDir, emptyOutDir: true } });
    const server = await preview({
      root: pageRoot,
      logLevel: 'error',
      build: { outDir },
      preview: { host: '127.0.0.1', port: 0 },
    });
    cleanup.push(() => server.close());

    worker = await startTestWorker();
    cleanup.push(() => worker.close());
    const client = connect(worker.network.endpoint);
    cleanup.push(() => client.close());
    const gateway = await startGateway({
      client,
      host: '127.0.0.1',
      port: 0,
      principal: worker.network.principalUrl,
    });
    cleanup.push(() => gateway.close());

    const browser: Browser = await launchChromium(executable!);
    cleanup.push(() => browser.close());
    page = await browser.newPage();
    page.setDefaultTimeout(20_000);
    page.on('request', (request) => wire.push(request.url(), request.postData() ?? ''));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('response', (response) => {
      if (response.url().startsWith(gateway.url)) {
        void response.text().then(
          (text) => wire.push(text),
          () => undefined,
        );
      }
    });
    const query = new URLSearchParams({
      gateway: gateway.url,
      worker: toHex(worker.network.signingAddress),
    });
    const base = server.resolvedUrls!.local[0]!;
    await page.goto(`${base}?${query}`);
    follow = async (changed, hash = '') => {
      const other = await browser.newPage();
      const errors: string[] = [];
      other.setDefaultTimeout(20_000);
      other.on('pageerror', (error) => errors.push(error.message));
      await other.goto(`${base}?${new URLSearchParams({ ...Object.fromEntries(query), ...changed })}${hash}`);
      return { page: other, errors };
    };
  }, 120_000);

  afterAll(async () => {
    for (const each of cleanup.reverse()) await each();
  });

  /** The newest entry of the story, once it has come to an end. */
  async function ended(title: string): Promise<string> {
    const entry = page.locator('.entry', { hasText: title }).last();
    await entry.locator('.verified, .failed').first().waitFor();
    return (await entry.locator('.inside').innerText()).replaceAll('\n', ' ');
  }

  async function bid(name: string, amount: bigint): Promise<string> {
    const form = page.locator(`form[data-person="${name}"]`);
    await form.locator('input').fill(String(amount));
    await form.getByRole('button', { name: 'Bid' }).click();
    return ended(`${name} bids ${amount}`);
  }

  const bids = { Alice: 7_340_501n, Bob: 9_182_733n, Carol: 8_656_459n } as const;

  test('an auction is opened, bid in by three people, closed, and won at the second price', async () => {
    await page.locator('#deploy input').fill('1000003');
    await page.getByRole('button', { name: 'Open an auction' }).click();
    expect(await ended('The seller opens')).toContain('receipt verified');

    for (const [name, amount] of Object.entries(bids)) {
      const told = await bid(name, amount);
      expect(told).toContain('receipt verified');
      expect(told).toContain(toHex(worker.network.signingAddress));
      expect(told).toMatch(/delta \d+: 0x[0-9a-f]{64}/);
    }
    const refused = await bid('Alice', 1_000_001n);
    expect(refused).toContain('the bid is below the reserve');
    expect(refused).toContain('the failure is signed');

    await page.getByRole('button', { name: 'Close the auction' }).click();
    expect(await ended('The seller closes')).toContain('receipt verified');
    await page.getByRole('button', { name: 'Who won?' }).click();
    expect(await ended('asks who won')).toContain('receipt verified');
    await expect.poll(() => page.locator('#outcome').innerText()).toBe(`Bob wins and pays ${bids.Carol}`);
  }, 120_000);

  test('nothing that went over the wire tells an amount, a secret or a function', async () => {
    const secrets = await page.locator('form[data-person] code').allTextContents();
    expect(secrets).toHaveLength(3);
    const amounts = [...Object.values(bids), 1_000_003n, 1_000_001n];
    const forbidden = [
      ...secrets.map((secret) => secret.slice(2)),
      ...secrets.map((secret) => Buffer.from(fromHex(secret)).toString('base64').slice(0, -2)),
      ...amounts.flatMap((amount) => [String(amount), amount.toString(16).padStart(16, '0')]),
      'bid(bytes32',
      Buffer.from('bid(bytes32,uint256)').toString('hex'),
      'below the reserve',
      Buffer.from('below the reserve').toString('hex'),
    ];
    const everything = wire.join('\n').toLowerCase();
    expect(everything).toContain('sendtaskinput');
    expect(everything).toContain('encryptedargs');
    for (const each of forbidden) expect(everything).not.toContain(each.toLowerCase());
  });

  test('the page shows what went over the wire', async () => {
    const shown = await page.locator('.outside').allInnerTexts();
    expect(shown.join('\n')).toMatch(/encryptedArgs\s+[0-9a-f]{100}/);
    expect(shown.join('\n')).toContain('getWorkerEncryptionKey');
  });

  test('what is wrong with a link is told on the page, and a better one is followed', async () => {
    const { page: other, errors } = await follow({ worker: 'xyz' }, '#<img src=x>');
    await other.getByRole('button', { name: 'Open an auction' }).click();
    const told = other.locator('.failed');
    await expect.poll(() => told.innerText()).toBe('worker: expected 40 hex digits');
    await other.evaluate(`location.hash = '${'ab'.repeat(32)}'`);
    await other.locator('form[data-person="Alice"]').waitFor();
    expect(await other.locator('#connection').innerText()).toContain('ab'.repeat(32));
    expect(errors).toEqual([]);
  });

  test('whoever is there instead of a gateway is shown, with what came', async () => {
    const { page: other, errors } = await follow({ gateway: page.url() });
    await other.getByRole('button', { name: 'Open an auction' }).click();
    await expect.poll(() => other.locator('.failed').innerText()).toContain('HTTP 404: that was no gateway');
    expect(await other.locator('.outside').innerText()).toContain('getWorkerEncryptionKey');
    expect(errors).toEqual([]);
  });

  test('what people did is read out, and ciphertext is not', async () => {
    expect(await page.locator('[aria-live="polite"] .verified').count()).toBeGreaterThan(0);
    expect(await page.locator('.outside').count()).toBeGreaterThan(0);
    expect(await page.locator('[aria-live] .outside, .outside[aria-live]').count()).toBe(0);
  });

  test('the browser had nothing to complain of', () => {
    expect(complaints).toEqual([]);
  });
});
