import { readFile } from 'node:fs/promises';
import { connect } from '@enigma-worker/client';
import { fromHex, randomBytes, toHex } from '@enigma-worker/crypto';
import { startGateway, type Gateway } from '@enigma-worker/gateway';
import { startTestWorker, type TestWorker } from '@enigma-worker/local';
import type { EnigmaClient } from '@enigma-worker/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bidAndLook, closeAndTell } from '../call.js';
import { overHttp, overIpc } from '../client.js';
import { deployAuction } from '../deploy.js';
import { tryToBid } from '../failures.js';
import { guess } from '../receipt.js';
import { caughtUp } from '../wait.js';

const repository = new URL('../../../', import.meta.url);
const secret = (): `0x${string}` => `0x${toHex(randomBytes(32))}`;

/** A block of code in a document, and the file that it is from: all of it, or the region named after a `#`. */
const EMBEDDED = /<!-- from (\S+?)(?:#(\S+))? -->\n```\w+\n([\s\S]*?)```/g;

describe.each(['docs/sdk.md', 'README.md'])('%s', async (document) => {
  const blocks = [...(await readFile(new URL(document, repository), 'utf8')).matchAll(EMBEDDED)];

  test('shows code', () => expect(blocks.length).toBeGreaterThan(0));

  test.each(blocks.map(([, file, region, code]) => ({ file: file!, region, code })))(
    'shows $file $region as it is',
    async ({ file, region, code }) => {
      // `enigma contract new` puts the contract's name there.
      const text = (await readFile(new URL(file, repository), 'utf8')).replaceAll('{{class}}', 'PiggyBank');
      const pattern = new RegExp(`// #region ${region}\\n([\\s\\S]*?)// #endregion`);
      expect(code).toBe(region === undefined ? text : pattern.exec(text)?.[1]);
    },
  );
});

describe('the code of docs/sdk.md', () => {
  let worker: TestWorker;
  let gateway: Gateway;
  let client: EnigmaClient;
  const cleanup: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    worker = await startTestWorker();
    const core = connect(worker.network.endpoint);
    gateway = await startGateway({
      client: core,
      host: '127.0.0.1',
      port: 0,
      principal: worker.network.principalUrl,
    });
    client = overHttp(gateway.url, toHex(worker.network.signingAddress));
    cleanup.push(
      () => client.close(),
      () => gateway.close(),
      () => core.close(),
      () => worker.close(),
    );
  });

  afterAll(async () => {
    for (const each of cleanup) await each();
  });

  test('works, over both transports', async () => {
    const seller = secret();
    const address = await deployAuction(client, seller);
    expect(await bidAndLook(client, address, secret())).toBe(120n);

    const direct = overIpc(worker.network.endpoint, toHex(worker.network.signingAddress));
    cleanup.unshift(() => direct.close());
    expect(await bidAndLook(direct, address, secret())).toBe(120n);
    expect(await caughtUp(direct, address, 2)).toBe(2);

    expect(await tryToBid(client, address, secret(), 500n)).toBe('done');
    expect(await tryToBid(client, address, secret(), 1n)).toMatch(
      /^refused after \d+ gas: .*the bid is below the reserve$/,
    );
    expect(await tryToBid(client, 'nonsense', secret(), 1n)).toBe('failed: ARGUMENTS_MISMATCH');

    expect(await guess(client, address, randomBytes(32))).toMatch(/only the seller closes the auction$/);
    expect(await guess(client, address, fromHex(seller))).toBe('closed');

    const [other, bidder] = [await deployAuction(client, seller), secret()];
    await bidAndLook(client, other, bidder);
    expect(await closeAndTell(client, other, seller)).toBe(`${bidder} pays 100`);
  });
});
