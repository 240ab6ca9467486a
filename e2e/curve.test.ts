import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
