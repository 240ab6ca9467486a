// Everything behind the page, in one process: a principal node, a worker, a gateway and Vite.
//   node examples/browser/dev.mjs
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@enigma-worker/client';
import { startGateway } from '@enigma-worker/gateway';
import { startLocalNetwork } from '@enigma-worker/local';
import { createServer } from 'vite';

const dataDir = await mkdtemp(join(tmpdir(), 'enigma-page-'));
const network = await startLocalNetwork({ dataDir, corePort: 0, principalPort: 0 });
const client = connect(network.endpoint);
const gateway = await startGateway({
  client,
  host: '127.0.0.1',
  port: 0,
  principal: network.principalUrl,
});
const page = await createServer({ root: fileURLToPath(new URL('.', import.meta.url)) });
await page.listen();

const query = new URLSearchParams({
  gateway: gateway.url,
  worker: `0x${Buffer.from(network.signingAddress).toString('hex')}`,
});
console.log(`\n  ${page.resolvedUrls.local[0]}?${query}\n\n  Ctrl-C ends it.`);

async function stop() {
  await page.close();
  await gateway.close();
  await client.close();
  await network.close();
  await rm(dataDir, { recursive: true, force: true });
}

await new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
});
await stop();
