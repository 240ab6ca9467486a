import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from '@enigma-worker/client';
import { generateKeyPair, randomBytes, toHex } from '@enigma-worker/crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { enigma, enigmaJson, flags, folderForTest, keygen, serveForTest } from './support/enigma.js';

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 60_000 }).toBe(true);
}

/** What a process has open, on Linux; what it closes meanwhile is left out. */
function openFiles(process: string): string[] {
  const folder = `/proc/${process}/fd`;
  return readdirSync(folder).flatMap((each) => {
    try {
      return [readlinkSync(join(folder, each))];
    } catch {
      return [];
    }
  });
}

describe('enigma core', () => {
  it('serves by CURVE those whose key is allowed, and nobody else', async () => {
    const folder = folderForTest();
    const at = (name: string): string => join(folder, name);
    const [serverKey, clientKey] = await Promise.all([
      keygen(at('server')),
      keygen(at('client')),
      keygen(at('other')),
    ]);
    expect(statSync(at('server')).mode & 0o777).toBe(0o600);
    expect((await enigma(['core', 'keygen', at('server')])).code).toBe(1);
    writeFileSync(at('allowed'), `# who may connect\n${clientKey}  # the gateway\n`);
    const core = await serveForTest([
      'core',
      ...flags({ dataDir: at('data'), bind: 'tcp://0.0.0.0:0' }),
      ...flags({ curveKeyFile: at('server'), allowFile: at('allowed') }),
    ]);
    const port = /:(\d+)$/.exec(String(core.started['endpoint']))![1]!;
    const show = (keys: Readonly<Record<string, string>>): string[] => [
      'attest',
      'show',
      ...flags({ endpoint: `tcp://127.0.0.1:${port}`, ...keys }),
    ];
    const curve = (keys: string) => ({ serverKey, curveKeyFile: at(keys) });
    const [allowed, foreign, plain] = await Promise.all([
      enigmaJson<{ signingKey: string }>(show(curve('client'))),
      enigma(show(curve('other'))),
      // Nobody ever answers it.
      enigma(show({ timeout: '1500' })),
    ]);
    expect(allowed.signingKey).toBe(core.started['signingAddress']);
    expect(foreign.code).toBe(1);
    expect(plain.code).toBe(1);
    expect(plain.stderr).not.toMatch(/\n\s+at /);
  });

  it('reads the list of allowed clients again on SIGHUP, and keeps the old one when the new one is no list', async () => {
    const folder = folderForTest();
    const at = (name: string): string => join(folder, name);
    const [serverKey, first, second] = await Promise.all([
      keygen(at('server')),
      keygen(at('first')),
      keygen(at('second')),
    ]);
    writeFileSync(at('allowed'), first);
    const core = await serveForTest([
      'core',
      ...flags({ dataDir: at('data'), bind: 'tcp://127.0.0.1:0' }),
      ...flags({ curveKeyFile: at('server'), allowFile: at('allowed') }),
    ]);
    const asks = async (keys: string): Promise<boolean> => {
      const where = { endpoint: String(core.started['endpoint']), serverKey };
      return (await enigma(['attest', 'show', ...flags({ ...where, curveKeyFile: at(keys) })])).code === 0;
    };
    const reload = async (list: string, says: string): Promise<void> => {
      const before = core.log().split(says).length;
      writeFileSync(at('allowed'), list);
      core.signal('SIGHUP');
      await until(() => core.log().split(says).length > before);
    };
    expect(await Promise.all([asks('first'), asks('second')])).toEqual([true, false]);

    await reload(`${second}\n`, 'the list of allowed clients was read again');
    const line = core
      .log()
      .split('\n')
      .find((each) => each.includes('was read again'))!;
    expect(JSON.parse(line)).toMatchObject({
      level: 30,
      keys: 1,
      added: [second],
      removed: [first],
      reconnected: true,
    });
    expect(await Promise.all([asks('first'), asks('second')])).toEqual([false, true]);

    await reload(`${first}\nno key\n`, 'cannot be used: the earlier one stays in force');
    expect(core.log()).toMatch(/"level":50.*"reason":"the allowed CURVE client key \\"no key\\" is not 40/);
    expect(await Promise.all([asks('first'), asks('second')])).toEqual([false, true]);
    expect(await core.stop()).toBe(0);
  });

  it('says which port is taken, and that plain TCP beyond loopback is refused', async () => {
    const folder = folderForTest();
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const start = (where: Readonly<Record<string, string>>) =>
      enigma(['core', ...flags({ dataDir: join(folder, Object.keys(where)[0]!), ...where })]);
    const [taken, open] = await Promise.all([
      start({ port: `${port}` }),
      start({ bind: 'tcp://0.0.0.0:15552' }),
    ]);
    server.close();
    expect(taken.code).toBe(1);
    expect(taken.stderr).toMatch(new RegExp(`^.*127\\.0\\.0\\.1:${port}.*\n$`));
    expect(open.code).toBe(1);
    expect(open.stderr).toMatch(/tcp:\/\/0\.0\.0\.0:15552 is reachable from other machines and unencrypted/);
  });

  it('reopens its log on SIGHUP and ends with 0 on SIGTERM', async () => {
    const folder = folderForTest();
    const [log, old] = [join(folder, 'core.log'), join(folder, 'core.log.1')];
    const args = ['core', '--data-dir', join(folder, 'data'), '--port', '0'];
    const core = await serveForTest(args);
    expect((await enigma(args)).stderr).toMatch(/another core has the data folder .* open\n$/);
    expect(await core.stop()).toBe(0);
    expect(core.log()).toContain('"signal":"SIGTERM"');
    expect(core.log()).toContain('"msg":"stopped"');

    const filed = await serveForTest([...args, '--log-file', log], { logFile: log });
    renameSync(log, old);
    filed.signal('SIGHUP');
    await until(() => existsSync(log));
    expect(await filed.stop()).toBe(0);
    expect(readFileSync(old, 'utf8')).toContain('worker started');
    expect(readFileSync(log, 'utf8')).toContain('"msg":"stopped"');
  });

  const canFillLog = existsSync('/dev/full') && existsSync('/proc/self/fd');
  it.runIf(canFillLog)('ends although its log cannot be written any more', async () => {
    const folder = realpathSync(folderForTest());
    const [log, link] = [join(folder, 'core.log'), join(folder, 'link')];
    symlinkSync(log, link);
    const args = ['core', '--data-dir', join(folder, 'data'), '--port', '0', '--log-file', link];
    const core = await serveForTest(args, { logFile: log });
    const open = (): string[] => openFiles(String(core.started['pid']));
    expect(open()).toContain(log);
    unlinkSync(link);
    symlinkSync('/dev/full', link);
    core.signal('SIGHUP');
    // The old file is closed once the log goes to the new one.
    await until(() => !open().includes(log));
    expect(await core.stop()).toBe(0);
    expect(core.log()).not.toContain('"msg":"stopped"');
  });

  it('survives SIGHUP from its first moment on, and does what it asks for when it can', async () => {
    const folder = folderForTest();
    const at = (name: string): string => join(folder, name);
    const [serverKey, clientKey] = await Promise.all([keygen(at('server')), keygen(at('client'))]);
    writeFileSync(at('allowed'), clientKey);
    // A server that reads its settings has just begun.
    writeFileSync(at('hang-up.js'), "process.kill(process.pid, 'SIGHUP');\nexport default {};\n");
    writeFileSync(at('package.json'), '{"type":"module"}');
    const start = (args: readonly string[]) =>
      serveForTest(['--config', at('hang-up.js'), ...args], { logFile: at(`${args[0]}.log`) });
    const [server] = await Promise.all([
      start([
        'core',
        ...flags({ dataDir: at('data'), bind: 'tcp://127.0.0.1:0' }),
        ...flags({ curveKeyFile: at('server'), allowFile: at('allowed'), logFile: at('core.log') }),
      ]),
      start(['principal', ...flags({ dataDir: at('principal'), listen: '0', logFile: at('principal.log') })]),
      start(['gateway', ...flags({ listen: '0', logFile: at('gateway.log') })]),
    ]);
    await until(() => server.log().includes('the list of allowed clients was read again'));
    const where = { endpoint: String(server.started['endpoint']), serverKey, curveKeyFile: at('client') };
    expect((await enigma(['attest', 'show', ...flags(where)])).code).toBe(0);
  });

  it.each(['core', 'principal', 'gateway'])('stops in good order even while it starts: %s', async (name) => {
    const at = (file: string): string => join(folder, file);
    const folder = folderForTest();
    writeFileSync(at('stop.js'), "process.kill(process.pid, 'SIGTERM');\nexport default {};\n");
    writeFileSync(at('package.json'), '{"type":"module"}');
    const options = {
      core: { dataDir: at('data'), port: '0', http: '0' },
      principal: { dataDir: at('data'), listen: '0' },
      gateway: { listen: '0' },
    }[name]!;
    const stopped = await enigma(['--config', at('stop.js'), name, ...flags(options)]);
    expect(stopped.code).toBe(0);
    expect(stopped.stdout + stopped.stderr).toContain('"signal":"SIGTERM"');
  });

  it('keeps to the limits that it was given', async () => {
    const dataDir = join(folderForTest(), 'data');
    const core = await serveForTest([
      'core',
      ...flags({ dataDir, port: '0', http: '0', maxMessageBytes: '30000', maxBytecodeBytes: '5000' }),
      ...flags({ maxListItems: '3', maxJsonDepth: '8', maxJsonValues: '100', maxTaskKeys: '2' }),
      ...flags({ maxExchanges: '1', taskKeyLifetime: '60000', exchangeLifetime: '60000' }),
    ]);
    const client = connect(String(core.started['endpoint']));
    onTestFinished(() => client.close());
    const address = randomBytes(32);
    const said = async (call: Promise<unknown>): Promise<string> =>
      await call.then(
        () => 'done',
        (error: unknown) => (error as Error).message,
      );
    const addresses = Array.from({ length: 4 }, () => randomBytes(32));
    expect(await said(client.updateNewContract({ address, bytecode: randomBytes(5000) }))).toBe('done');
    expect(await said(client.updateNewContract({ address, bytecode: randomBytes(5001) }))).toMatch(/5000/);
    expect(await said(client.updateNewContract({ address, bytecode: randomBytes(9000) }))).toMatch(/30000/);
    expect(await said(client.getTips({ input: addresses }))).toMatch(/\b3\b/);
    for (let i = 0; i < 3; i++) {
      await client.newTaskEncryptionKey({ userPubKey: generateKeyPair().publicKey });
      await client.getPTTRequest({});
    }
    const metrics = await (await fetch(`${String(core.started['http'])}/metrics`)).text();
    expect(metrics).toMatch(/^enigma_task_keys 2$/m);
    expect(metrics).toMatch(/^enigma_exchanges_pending 1$/m);
  });

  it('holds its store in memory when told to, and says when that is full', async () => {
    const folder = folderForTest();
    const dataDir = join(folder, 'data');
    const args = [
      'core',
      ...flags({ dataDir, port: '0', store: 'memory', storeMemory: '4', storeMemoryDir: folder }),
    ];
    const first = await serveForTest(args);
    const client = connect(String(first.started['endpoint']));
    const addresses = Array.from({ length: 100 }, () => randomBytes(32));
    const bytecode = randomBytes(200_000);
    let stored = 0;
    const refused = await (async (): Promise<unknown> => {
      try {
        for (const address of addresses) {
          bytecode.set(address);
          await client.updateNewContract({ address, bytecode });
          stored++;
        }
        return undefined;
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toMatchObject({
      message: expect.stringMatching(/4 MiB of memory for the store are full/),
    });
    expect(stored).toBeGreaterThan(10);
    await client.close();
    first.signal('SIGKILL');
    await first.stop();

    const second = await serveForTest(args);
    expect(second.started['signingAddress']).toBe(first.started['signingAddress']);
    const again = connect(String(second.started['endpoint']));
    onTestFinished(() => again.close());
    const { addresses: known } = await again.getAllAddrs({});
    expect(known.map((address) => toHex(address)).sort()).toEqual(
      addresses
        .slice(0, stored)
        .map((address) => toHex(address))
        .sort(),
    );
    expect(await second.stop()).toBe(0);
    // Nothing of it is left where it was, and tools say what the data folder has instead of a database.
    expect(readdirSync(folder)).toEqual(['data']);
    const stats = await enigma(['db', 'stats', ...flags({ dataDir })]);
    expect(stats).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/sealed journal .* --store memory/),
    });
    const onDisk = await enigma(['core', ...flags({ dataDir, port: '0' })]);
    expect(onDisk).toMatchObject({ code: 1 });
  });
});
