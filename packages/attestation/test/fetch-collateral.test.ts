import { fetchDcapCollateral } from '@enigma-worker/attestation';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FakeIntel } from './support/intel.js';
import { reportData } from './support/worker.js';

const quote = new FakeIntel().sgxQuote(reportData);

/** A service that answers everything by this status, or one that is gone. */
async function service(status?: number): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status ?? 500).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise((resolve) => server.close(resolve));
  if (status === undefined) await close();
  else onTestFinished(async () => void (await close()));
  return `http://127.0.0.1:${port}`;
}

describe('collateral that cannot be fetched', () => {
  test('is told with the reason, also of a service that does not answer', async () => {
    await expect(fetchDcapCollateral(quote, await service())).rejects.toThrow(/ECONNREFUSED/);
    await expect(fetchDcapCollateral(quote, await service(404))).rejects.toThrow(/PCK CRL: 404$/);
  });

  test('for a quote that cannot be read is not asked for', async () => {
    await expect(fetchDcapCollateral(new Uint8Array(9), 'http://127.0.0.1:9')).rejects.not.toThrow(/fetch/);
  });
});
