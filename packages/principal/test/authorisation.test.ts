import { spawnSync } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeEvidence, encodeReportData, type Policy, PROTOCOL_VERSION } from '@enigma-worker/attestation';
import {
  addressOf,
  equalBytes,
  generateKeyPair,
  type KeyPair,
  randomBytes,
  sign,
  toHex,
} from '@enigma-worker/crypto';
import {
  fetchStateKeys,
  parseEpochs,
  registerWithPrincipal,
  resealSecrets,
  type Sealer,
  silentLogger,
} from '@enigma-worker/principal';
import { selectWorkers } from '@enigma-worker/protocol';
import { describe, expect, test } from 'vitest';
import {
  beginExchange,
  call,
  finishExchange,
  memorySealer,
  runPrincipal,
  temporaryFolder,
} from './support/principal.js';

const once = { retries: 0 };

function epochFile(epochs: readonly { firstBlock: number; workers: readonly KeyPair[] }[]): string {
  return JSON.stringify({
    epochs: epochs.map(({ firstBlock, workers }) => ({
      firstBlock: String(firstBlock),
      seed: '42',
      workers: workers.map(({ publicKey }) => ({ address: toHex(addressOf(publicKey)), stake: '10' })),
    })),
  });
}

// Changes the file, opens all the files that a process may while it is read again, and closes them.
const WITHOUT_FILES = `
  import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
  import { openEpochFile } from '#authorisation/epochs.js';
  const path = process.argv[1];
  const errors = [];
  const log = { info() {}, error: ({ err }) => errors.push(err.code) };
  const file = await openEpochFile(path, log);
  const first = () => String(file.epochs()[0].firstBlock);
  const before = first();
  writeFileSync(path, readFileSync(path, 'utf8').replace('"100"', '"200"') + ' ');
  const open = [];
  try {
    for (;;) open.push(openSync(path));
  } catch {}
  await file.refresh();
  const without = first();
  for (const each of open) closeSync(each);
  await file.refresh();
  console.log(JSON.stringify({ before, without, after: first(), errors }));
`;

describe('selection by stake', () => {
  async function setUp() {
    const workers = [generateKeyPair(), generateKeyPair()] as const;
    const path = join(await temporaryFolder(), 'epochs.json');
    const text = epochFile([{ firstBlock: 100, workers }]);
    await writeFile(path, text);
    const { url } = await runPrincipal({ authorisation: { epochFile: path } });
    const [epoch] = parseEpochs(text);
    const contracts = Array.from({ length: 8 }, () => randomBytes(32));
    const ownOf = (worker: KeyPair) =>
      contracts.filter((contract) =>
        equalBytes(selectWorkers(epoch!, contract)[0]!, addressOf(worker.publicKey)),
      );
    return { workers, path, url, contracts, ownOf };
  }

  test('gives a worker the keys of the contracts it is chosen for, and no others', async () => {
    const { workers, url, contracts, ownOf } = await setUp();
    for (const worker of workers) {
      const own = ownOf(worker);
      const exchange = beginExchange('seed', own, worker);
      expect(finishExchange(exchange, (await fetchStateKeys(url, exchange, once)).data)).toHaveLength(
        own.length,
      );
      if (own.length === contracts.length) continue;
      const all = beginExchange('seed', contracts, worker);
      await expect(fetchStateKeys(url, all, once)).rejects.toMatchObject({ code: 'NOT_AUTHORISED' });
    }
    for (const worker of workers) {
      const exchange = beginExchange('current', undefined, worker);
      const keys = finishExchange(exchange, (await fetchStateKeys(url, exchange, once)).data);
      expect(keys.map(({ address }) => toHex(address)).sort()).toEqual(ownOf(worker).map(toHex).sort());
    }
  });

  test('gives a stranger nothing', async () => {
    const { url, contracts } = await setUp();
    const exchange = beginExchange('current');
    expect(finishExchange(exchange, (await fetchStateKeys(url, exchange, once)).data)).toEqual([]);
    const named = { ...exchange, addresses: contracts.slice(0, 1) };
    await expect(fetchStateKeys(url, named, once)).rejects.toMatchObject({ code: 'NOT_AUTHORISED' });
  });

  test('has no answer yet for a block before its epochs', async () => {
    const { workers, url, contracts } = await setUp();
    const exchange = beginExchange('seed', contracts.slice(0, 1), workers[0]);
    const early = fetchStateKeys(url, { ...exchange, blockNumber: 99n }, once);
    await expect(early).rejects.toMatchObject({ code: 'ILLEGAL_STATE', rpcCode: -32002 });
  });

  test('follows the file when it changes, and keeps the old epochs when it breaks', async () => {
    const { path, url } = await setUp();
    const newcomer = generateKeyPair();
    const exchange = beginExchange('seed', [randomBytes(32)], newcomer);
    await expect(fetchStateKeys(url, exchange, once)).rejects.toMatchObject({ code: 'NOT_AUTHORISED' });
    await writeFile(path, `${epochFile([{ firstBlock: 200, workers: [newcomer] }])} `);
    await fetchStateKeys(url, exchange, once);
    await writeFile(path, 'broken');
    await fetchStateKeys(url, exchange, once);
  });

  test('reads a change that could not be read at first once it can', async () => {
    const path = join(await temporaryFolder(), 'epochs.json');
    await writeFile(path, epochFile([{ firstBlock: 100, workers: [generateKeyPair()] }]));
    const script = `ulimit -n 64; exec "$0" --input-type=module -e "$1" "$2"`;
    const child = spawnSync('bash', ['-c', script, process.execPath, WITHOUT_FILES, path], {
      cwd: new URL('..', import.meta.url),
    });
    expect(child.stderr.toString()).toBe('');
    expect(JSON.parse(child.stdout.toString())).toEqual({
      before: '100',
      without: '100',
      after: '200',
      errors: ['EMFILE'],
    });
  });

  test.each([
    '',
    '{}',
    '{"epochs":[{}]}',
    '{"epochs":[{"firstBlock":-1,"seed":"1","workers":[]}]}',
    `{"epochs":[{"firstBlock":1,"seed":"1","workers":[{"address":"${'00'.repeat(20)}","stake":0}]}]}`,
    `{"epochs":[{"firstBlock":1,"seed":"1","workers":[{"address":"00","stake":1}]}]}`,
  ])('refuses to start with the worker parameters %j', async (text) => {
    const path = join(await temporaryFolder(), 'epochs.json');
    await writeFile(path, text);
    await expect(runPrincipal({ authorisation: { epochFile: path } })).rejects.toMatchObject({
      code: 'EPOCHS_MALFORMED',
    });
  });

  test('says why worker parameters cannot be read', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    for (const [name, reason] of [
      ['none', 'ENOENT'],
      ['file/epochs.json', 'ENOTDIR'],
    ] as const) {
      const path = join(folder, name);
      await expect(runPrincipal({ authorisation: { epochFile: path } })).rejects.toMatchObject({
        code: 'EPOCHS_MALFORMED',
        message: expect.stringMatching(new RegExp(`^worker parameters: ${reason}: .*'${path}'$`)),
      });
    }
  });
});

describe('registration', () => {
  const claims = {
    protocolVersion: PROTOCOL_VERSION,
    codeMeasurement: randomBytes(32),
    sealingMode: 'simulation',
  };

  function registrationOf({ privateKey, publicKey }: KeyPair) {
    const signingKey = addressOf(publicKey);
    const report = encodeEvidence({
      kind: 'simulation',
      quote: encodeReportData(signingKey, claims),
      claims,
    });
    return { signingKey, report, signature: sign(report, privateKey) };
  }

  async function setUp(policy: Partial<Policy> = { allowSimulation: true }) {
    let now = 1_000_000;
    const { url } = await runPrincipal({
      authorisation: { registration: { policy: () => ({ now: new Date(now), ...policy }), lifetime: 1_000 } },
      now: () => now,
    });
    return { url, pass: (milliseconds: number) => (now += milliseconds) };
  }

  test('admits a worker whose attestation verifies, until it ends', async () => {
    const { url, pass } = await setUp();
    const worker = generateKeyPair();
    const exchange = beginExchange('seed', [randomBytes(32)], worker);
    await expect(fetchStateKeys(url, exchange, once)).rejects.toMatchObject({ code: 'NOT_AUTHORISED' });
    expect(await registerWithPrincipal(url, registrationOf(worker), once)).toEqual(new Date(1_001_000));
    await fetchStateKeys(url, exchange, once);
    pass(1_001);
    await expect(fetchStateKeys(url, exchange, once)).rejects.toMatchObject({ code: 'NOT_AUTHORISED' });
  });

  test('refuses a report that the policy refuses, and one of another key', async () => {
    const { url } = await setUp({});
    const worker = generateKeyPair();
    const registration = registrationOf(worker);
    await expect(registerWithPrincipal(url, registration, once)).rejects.toThrow(/SIMULATION_NOT_ALLOWED/);
    const stranger = addressOf(generateKeyPair().publicKey);
    await expect(registerWithPrincipal(url, { ...registration, signingKey: stranger }, once)).rejects.toThrow(
      /NOT_BY_SIGNING_KEY/,
    );
  });

  describe('after a restart', () => {
    /** A principal over one folder and one sealing key, started again and again. */
    async function setUpFolder() {
      const dataDir = await temporaryFolder();
      const state = { now: 1_000_000, policy: { allowSimulation: true } as Partial<Policy> };
      const warnings: string[] = [];
      const log = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) };
      const start = (sealer: Sealer, capacity = 100) => {
        const policy = () => ({ now: new Date(state.now), ...state.policy });
        const authorisation = { registration: { policy, lifetime: 1_000, capacity } };
        return runPrincipal({ dataDir, sealer, log, authorisation, now: () => state.now });
      };
      const isAdmitted = async (url: string, worker: KeyPair): Promise<boolean> => {
        const request = fetchStateKeys(url, beginExchange('seed', [randomBytes(32)], worker), once);
        return await request.then(
          () => true,
          (error: { code?: string }) => {
            expect(error.code).toBe('NOT_AUTHORISED');
            return false;
          },
        );
      };
      const fileOf = ({ publicKey }: KeyPair) => join(dataDir, 'registrations', toHex(addressOf(publicKey)));
      return { dataDir, state, warnings, start, isAdmitted, fileOf };
    }

    test('admits whom it admitted before, until the registration ends', async () => {
      const { state, start, isAdmitted } = await setUpFolder();
      const [sealer, worker] = [memorySealer(), generateKeyPair()];
      const first = await start(sealer);
      await registerWithPrincipal(first.url, registrationOf(worker), once);
      await first.close();
      state.now += 900;
      const second = await start(sealer);
      expect(await isAdmitted(second.url, worker)).toBe(true);
      expect(await isAdmitted(second.url, generateKeyPair())).toBe(false);
      await second.close();
      state.now += 101;
      const third = await start(sealer);
      expect(await isAdmitted(third.url, worker)).toBe(false);
    });

    test('judges by the policy of now', async () => {
      const { state, warnings, start, isAdmitted, fileOf } = await setUpFolder();
      const [sealer, worker] = [memorySealer(), generateKeyPair()];
      const first = await start(sealer);
      await registerWithPrincipal(first.url, registrationOf(worker), once);
      await first.close();
      state.policy = { allowSimulation: false };
      const strict = await start(sealer);
      expect(await isAdmitted(strict.url, worker)).toBe(false);
      expect(warnings).toContain('a registration from before the restart is no longer accepted');
      await strict.close();
      // Kept until it ends: what was too strict by mistake costs nobody a registration.
      state.policy = { allowSimulation: true };
      const lenient = await start(sealer);
      expect(await isAdmitted(lenient.url, worker)).toBe(true);
      await lenient.close();
      state.now += 1_001;
      await start(sealer);
      await expect(readFile(fileOf(worker))).rejects.toMatchObject({ code: 'ENOENT' });
    });

    test('admits nobody by a file that was altered, moved or sealed by another', async () => {
      const { warnings, start, isAdmitted, fileOf } = await setUpFolder();
      const sealer = memorySealer();
      const [altered, moved, thief] = [generateKeyPair(), generateKeyPair(), generateKeyPair()];
      const first = await start(sealer);
      for (const worker of [altered, moved])
        await registerWithPrincipal(first.url, registrationOf(worker), once);
      await first.close();
      const content = await readFile(fileOf(altered));
      content[content.length - 1]! ^= 1;
      await writeFile(fileOf(altered), content);
      await writeFile(fileOf(thief), await readFile(fileOf(moved)));
      // What a write leaves that was cut short.
      await writeFile(`${fileOf(thief)}.0011223344556677.tmp`, content);
      const second = await start(sealer);
      expect(warnings.filter((text) => text.includes('cannot be opened'))).toHaveLength(2);
      expect(await isAdmitted(second.url, altered)).toBe(false);
      expect(await isAdmitted(second.url, thief)).toBe(false);
      expect(await isAdmitted(second.url, moved)).toBe(true);
      await registerWithPrincipal(second.url, registrationOf(altered), once);
      expect(await isAdmitted(second.url, altered)).toBe(true);
      expect((await readdir(dirname(fileOf(thief)))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    });

    test('admits them under the new key when the folder was resealed', async () => {
      const { dataDir, start, isAdmitted } = await setUpFolder();
      const [sealer, other, worker] = [memorySealer(), memorySealer(), generateKeyPair()];
      const first = await start(sealer);
      await registerWithPrincipal(first.url, registrationOf(worker), once);
      await first.close();
      await resealSecrets(dataDir, sealer, other);
      await resealSecrets(dataDir, sealer, other);
      const second = await start(other);
      expect(await isAdmitted(second.url, worker)).toBe(true);
    });

    test('is not made anew when it has registrations but lost its secrets', async () => {
      const { dataDir, start } = await setUpFolder();
      const sealer = memorySealer();
      const first = await start(sealer);
      await registerWithPrincipal(first.url, registrationOf(generateKeyPair()), once);
      await first.close();
      await rm(join(dataDir, 'principal.sealed'));
      await expect(start(sealer)).rejects.toMatchObject({ code: 'SECRETS_MISSING' });
    });

    test('keeps no more than it may, and those that end last', async () => {
      const { state, start, isAdmitted } = await setUpFolder();
      const sealer = memorySealer();
      const workers = Array.from({ length: 4 }, () => generateKeyPair());
      const first = await start(sealer, 3);
      for (const worker of workers) {
        await registerWithPrincipal(first.url, registrationOf(worker), once);
        state.now += 10;
      }
      const admitted = async (url: string) =>
        await Promise.all(workers.map((worker) => isAdmitted(url, worker)));
      expect(await admitted(first.url)).toEqual([false, true, true, true]);
      await first.close();
      const second = await start(sealer, 2);
      expect(await admitted(second.url)).toEqual([false, false, true, true]);
    });
  });

  test.each([undefined, null, [], {}, { signingKey: '00', report: '', signature: '' }, { signingKey: 1 }])(
    'refuses the parameters %j with -32602',
    async (params) => {
      const { url } = await setUp();
      expect((await call(url, 'registerWorker', params)).error?.code).toBe(-32602);
    },
  );

  test('does not exist unless configured', async () => {
    const { url } = await runPrincipal();
    expect((await call(url, 'registerWorker', {})).error?.code).toBe(-32601);
  });
});
