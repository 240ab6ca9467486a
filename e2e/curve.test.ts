import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@enigma-worker/client';
import { startWorker } from '@enigma-worker/core';
import { expect, it, onTestFinished } from 'vitest';
import { curveKeyPair } from 'zeromq';

it('a client that was turned away is served once its key is allowed', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'enigma-curve-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const [server, first, late] = [curveKeyPair(), curveKeyPair(), curveKeyPair()];
  await using worker = await startWorker({
    dataDir,
    bind: 'tcp://127.0.0.1:*',
    curve: { secretKey: server.secretKey, allowedClients: [first.publicKey] },
  });
  const client = connect(worker.endpoint, { curve: { serverPublicKey: server.publicKey, ...late } });
  onTestFinished(() => client.close());
  for (let i = 0; i < 2; i++) {
    await expect(client.getAllAddrs({}, { timeout: 10_000 })).rejects.toMatchObject({ code: 'DENIED' });
  }
  await worker.allowClients([first.publicKey, late.publicKey]);
  expect(await client.getAllAddrs({}, { timeout: 10_000 })).toEqual({ addresses: [] });
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

it.skipIf(!hasIpv6).each(['CURVE', 'plain TCP'])('is spoken over IPv6 too: %s', async (kind) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'enigma-curve-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const [server, user] = [curveKeyPair(), curveKeyPair()];
  const isCurve = kind === 'CURVE';
  await using worker = await startWorker({
    dataDir,
    bind: 'tcp://[::1]:*',
    ...(isCurve && { curve: { secretKey: server.secretKey, allowedClients: [user.publicKey] } }),
  });
  expect(worker.endpoint).toMatch(/^tcp:\/\/\[::1\]:\d+$/);
  const curve = { serverPublicKey: server.publicKey, ...user };
  const client = connect(worker.endpoint, isCurve ? { curve } : {});
  onTestFinished(() => client.close());
  expect(await client.getAllAddrs({}, { timeout: 20_000 })).toEqual({ addresses: [] });
  if (!isCurve) return;
  // Another list makes the core listen anew.
  await worker.allowClients([]);
  await worker.allowClients([user.publicKey]);
  expect(await client.getAllAddrs({}, { timeout: 20_000 })).toEqual({ addresses: [] });
});
