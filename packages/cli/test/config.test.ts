import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '@enigma-worker/protocol';
import { limitsFrom, type limitSettings } from '#config/limits.js';
import { load, SECTION_NAMES, TOOL_SETTINGS, unknownVariables } from '#config/load.js';
import { flag, list, type Settings, type SettingValues, variableOf } from '#config/settings.js';
import { SECTIONS, TOOL_SECTIONS } from '#config/sections.js';
import { isExpected } from '#errors.js';
import { enigma, enigmaJson, flags, folderForTest, keygen } from './support/enigma.js';

const core = SECTIONS.core;
const NOTHING = { flags: {}, environment: {}, file: {} };

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('did not throw');
}

describe('settings', () => {
  it('come from flags before environment before file before defaults, each by itself', () => {
    const sources = {
      flags: { port: '1' },
      environment: { ENIGMA_CORE_PORT: '2', ENIGMA_CORE_RETRIES: '3' },
      file: { core: { dataDir: '/file', port: 4, retries: 5, insecureBind: true } },
    };
    const { values, origins } = load('core', core, sources);
    expect(values).toMatchObject({
      port: 1,
      retries: 3,
      dataDir: '/file',
      insecureBind: true,
      dialect: 'seed',
    });
    expect(origins).toMatchObject({
      port: 'flag',
      retries: 'environment',
      dataDir: 'file',
      dialect: 'default',
    });
  });

  it('are converted alike wherever they come from', () => {
    const texts = { ENIGMA_CORE_DATA_DIR: 'd', ENIGMA_CORE_INSECURE_BIND: '1', ENIGMA_CORE_HTTP: '[::1]:80' };
    expect(load('core', core, { ...NOTHING, environment: texts }).values).toMatchObject({
      insecureBind: true,
      http: { host: '::1', port: 80 },
    });
    const file = { core: { dataDir: 'd', http: 8080 } };
    expect(load('core', core, { ...NOTHING, file }).values).toMatchObject({
      http: { host: '127.0.0.1', port: 8080 },
    });
    expect(variableOf('core', 'sealingKeyFile')).toBe('ENIGMA_CORE_SEALING_KEY_FILE');
  });

  it('that do not fit are all named, with where they came from', () => {
    const sources = {
      flags: { dialect: 'latin' },
      environment: { ENIGMA_CORE_PORT: '70000' },
      file: { core: { principalAddress: '0x12' } },
    };
    const lines = messageOf(() => load('core', core, sources)).split('\n');
    expect(lines.slice(0, 1)).toEqual(['--data-dir (or ENIGMA_CORE_DATA_DIR) is needed']);
    expect(lines.join('\n')).toMatch(/--dialect: .*seed.*v0\.3/);
    expect(lines).toContain('ENIGMA_CORE_PORT: expected a whole number from 0 to 65535');
    expect(lines.join('\n')).toMatch(/core\.principalAddress in the config file: expected 40 hex digits/);
  });

  it('that are no switches, no lists, are told what was expected', () => {
    const tell = (settings: Settings, file: Readonly<Record<string, unknown>>): string =>
      messageOf(() => load('gateway', settings, { ...NOTHING, file: { gateway: file } }));
    const told = tell({ on: { description: '', schema: flag() } }, { on: 'yes' });
    expect(told).toBe('gateway.on in the config file: expected true or false');
    expect(tell({ all: { description: '', schema: list() } }, { all: 5 })).toMatch(
      /^gateway\.all in the config file: expected a list of texts, or a text with commas$/,
    );
  });

  it('that are no numbers are no numbers', () => {
    for (const port of ['abc', '1.5', '-1', 'Infinity', '1e9', {}, NaN]) {
      const file = { core: { dataDir: 'd', port } };
      expect(messageOf(() => load('core', core, { ...NOTHING, file }))).toMatch(
        /^core\.port in the config file: expected a whole number from 0 to 65535/,
      );
    }
  });

  it('that are empty are no numbers either', () => {
    for (const port of [null, '', ' ', true, []]) {
      const file = { core: { dataDir: 'd', port } };
      expect(messageOf(() => load('core', core, { ...NOTHING, file }))).toMatch(
        /^core\.port in the config file: expected a whole number from 0 to 65535/,
      );
      if (typeof port !== 'string') continue;
      const flags = { dataDir: 'd', port };
      expect(messageOf(() => load('core', core, { ...NOTHING, flags }))).toMatch(/^--port: expected a whole/);
    }
  });

  it('of tools are no concern of their server, and no unknown names', () => {
    for (const name of SECTION_NAMES)
      expect([...(TOOL_SETTINGS[name] ?? [])].sort()).toEqual(Object.keys(TOOL_SECTIONS[name]).sort());
    const file = { principal: { dataDir: 'd', backupPassphraseFile: 'p', toSealing: 'passphrase' } };
    const { values } = load('principal', SECTIONS.principal, { ...NOTHING, file });
    expect(values).toMatchObject({ dataDir: 'd' });
    expect(values).not.toHaveProperty('backupPassphraseFile');
    const environment = { ENIGMA_CORE_INTERVAL: '5', ENIGMA_CORE_TO_SEALING: 'x', ENIGMA_CORE_TO_SEA: 'x' };
    expect(unknownVariables('core', core, environment)).toEqual(['ENIGMA_CORE_TO_SEA']);
  });

  it('left empty in the environment are not given', () => {
    const environment = { ENIGMA_CORE_PORT: '', ENIGMA_CORE_BIND: '', ENIGMA_CORE_DATA_DIR: 'd' };
    const { values, origins } = load('core', core, { ...NOTHING, environment });
    expect(values).toMatchObject({ port: 5552, bind: undefined, dataDir: 'd' });
    expect(origins).toMatchObject({ port: 'default', bind: 'default' });
    expect(
      messageOf(() => load('core', core, { ...NOTHING, environment: { ENIGMA_CORE_DATA_DIR: '' } })),
    ).toBe('--data-dir (or ENIGMA_CORE_DATA_DIR) is needed');
  });

  it('that are lists lose what is around their items, and origins are written as browsers write them', () => {
    const of = (origins: unknown) =>
      load('gateway', SECTIONS.gateway, { ...NOTHING, flags: { origins } }).values['origins'];
    expect(of(' https://a.example , http://B.example:80/ ,')).toEqual([
      'https://a.example',
      'http://b.example',
    ]);
    expect(of(['http://localhost:5173'])).toEqual(['http://localhost:5173']);
    for (const wrong of ['a.example', 'https://a.example/app', 'https://a.example?x', '*', 'file:///x']) {
      expect(messageOf(() => of(wrong))).toMatch(
        /^--origins: .*expected origins such as https:\/\/app\.example/s,
      );
    }
  });

  it('of an unknown name are refused', () => {
    const file = { core: { dataDir: 'd', prot: 1 } };
    expect(messageOf(() => load('core', core, { ...NOTHING, file }))).toMatch(
      /^config file: core has no "prot"; it takes dataDir, port, /,
    );
    expect(messageOf(() => load('core', core, { ...NOTHING, file: { core: [] } }))).toBe(
      'config file: core: expected an object',
    );
  });
});

describe('limits', () => {
  it('left alone are those that the worker has by itself', () => {
    const { values } = load('core', core, { ...NOTHING, flags: { dataDir: 'd' } });
    const limits = limitsFrom(values as SettingValues<typeof limitSettings>);
    expect(limits.messageLimits).toEqual(DEFAULT_LIMITS);
    expect(limits.enclave).toEqual({
      taskKeyLifetimeMs: 3_600_000,
      maxTaskKeys: 100_000,
      exchangeLifetimeMs: 3_600_000,
      maxExchanges: 1000,
    });
  });
});

describe('the files for systemd', () => {
  const read = (name: string): string =>
    readFileSync(new URL(`../../../deploy/${name}`, import.meta.url), 'utf8');

  it('hold settings that the core takes, and none where they would overrule those of the operator', () => {
    const unit = read('enigma-core.service');
    const { values, origins } = load('core', core, {
      ...NOTHING,
      file: JSON.parse(read('enigma.config.json')) as Record<string, unknown>,
    });
    expect(values).toMatchObject({ http: { host: '127.0.0.1', port: 9464 } });
    expect(/^ExecStart=(.*)$/m.exec(unit)![1]).toBe('/usr/bin/enigma core');
    for (const [setting, folder] of [
      ['dataDir', `/var/lib/${/^StateDirectory=(.*)$/m.exec(unit)![1]}`],
      ['logFile', `/var/log/${/^LogsDirectory=(.*)$/m.exec(unit)![1]}/core.log`],
    ] as const) {
      expect(values[setting]).toBe(folder);
      expect(origins[setting]).toBe('file');
    }
    expect(unit).toMatch(/^WorkingDirectory=\/etc\/enigma$/m);
  });

  it('let the health check of a container find whichever server runs in it', async () => {
    const docker = read('Dockerfile');
    const urls = /^ENV HEALTH_URL="(.*)"$/m.exec(docker)![1]!.split(' ');
    for (const section of ['principal', 'gateway'] as const) {
      const { listen } = load(section, SECTIONS[section], { ...NOTHING, flags: { dataDir: 'd' } }).values;
      const { host, port } = listen as { host: string; port: number };
      expect(urls.map((url) => new URL(url).host)).toContain(`${host}:${port}`);
    }
    const command = JSON.parse(/^HEALTHCHECK.*\n +CMD (\[.*\])$/m.exec(docker)![1]!) as string[];
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/health' ? 200 : 503;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const check = async (...paths: string[]): Promise<unknown> => {
      const env = { ...process.env, HEALTH_URL: paths.map((path) => `${at}${path}`).join(' ') };
      const [code] = (await once(spawn(command[0]!, command.slice(1), { env }), 'close')) as [number];
      return code;
    };
    expect(await Promise.all([check('/none', '/health'), check('/none')])).toEqual([0, 1]);
    server.close();
  });

  it('keep the memory of what crashes, which holds keys, off the disk', () => {
    expect(read('enigma-core.service')).toMatch(/^LimitCORE=0$/m);
    const runs = read('Dockerfile')
      .split('\n')
      .filter((line) => /docker run .* (core|principal) /.test(line));
    expect(runs.filter((line) => line.includes(' --ulimit core=0 '))).toHaveLength(2);
  });

  it('let a core listen on all addresses', () => {
    expect(read('enigma-core.service')).toMatch(/^RestrictAddressFamilies=.*\bAF_NETLINK\b/m);
  });
});

interface InForce {
  readonly core: Readonly<Record<string, { readonly value: unknown; readonly from: string }>>;
}

describe('enigma config', () => {
  it('prints what is in force, from a file of TypeScript and the environment', async () => {
    const cwd = folderForTest();
    writeFileSync(
      join(cwd, 'enigma.config.ts'),
      "const port: number = 7000;\nexport default { core: { port, retries: 2, dataDir: './d' } };\n",
    );
    const shown = await enigmaJson<InForce>(['config', 'print', 'core'], {
      cwd,
      env: { ENIGMA_CORE_RETRIES: '4' },
    });
    expect(shown.core).toMatchObject({
      port: { value: 7000, from: 'file' },
      retries: { value: 4, from: 'environment' },
      dialect: { value: 'seed', from: 'default' },
      bind: { value: null, from: 'default' },
    });
  });

  it('prints nothing when values do not fit, but says of each which and why', async () => {
    const cwd = folderForTest();
    writeFileSync(join(cwd, 'enigma.config.json'), '{"core":{"port":"x","dataDir":5}}');
    const { code, stdout, stderr } = await enigma(['config', 'print', 'core'], { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      'core.dataDir in the config file: expected string, received number',
      'core.port in the config file: expected a whole number from 0 to 65535',
      '',
    ]);
  });

  it('tells of what looks like a setting and is none', async () => {
    const env = { ENIGMA_CORE_PROT: '3' };
    const { code, stderr } = await enigma(['config', 'print'], { env, cwd: folderForTest() });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'ENIGMA_CORE_PROT is no setting and has no effect\n',
    });
  });

  it('gives a schema that names every section and setting', async () => {
    const { stdout, code } = await enigma(['config', 'schema']);
    const { properties } = JSON.parse(stdout) as { properties: Record<string, { properties: object }> };
    expect(code).toBe(0);
    expect(Object.keys(properties)).toEqual(['$schema', ...SECTION_NAMES]);
    for (const name of SECTION_NAMES) {
      const settings = { ...SECTIONS[name], ...TOOL_SECTIONS[name] };
      expect(Object.keys(properties[name]!.properties)).toEqual(Object.keys(settings));
    }
  });

  it('tells what is wrong with a file, without a stack', async () => {
    const cwd = folderForTest();
    const file = join(cwd, 'broken.json');
    writeFileSync(file, '{');
    const { code, stderr } = await enigma(['--config', file, 'config', 'print'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^config file ${file}: .*JSON`));
    expect(stderr).not.toMatch(/\n\s+at /);
    writeFileSync(file, '{"$schema":"x","cor":{"port":1}}');
    expect((await enigma(['--config', file, 'config', 'print'], { cwd })).stderr).toBe(
      `config file ${file}: there is no section "cor"; it takes core, principal, gateway, client\n`,
    );
  });
});

describe('the command', () => {
  it('says what it lacks, exit code 2', async () => {
    const { code, stderr } = await enigma(['core']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '--data-dir (or ENIGMA_CORE_DATA_DIR) is needed\n' });
  });

  it('that is called wrongly says so and ends with 2, that is asked for help with 0', async () => {
    const ran = await Promise.all(
      [['core', '--prot', '5'], ['frobnicate'], ['core', 'extra'], ['--help'], ['--version']].map((args) =>
        enigma(args),
      ),
    );
    expect(ran.map(({ code }) => code)).toEqual([2, 2, 2, 0, 0]);
    expect(ran[0]!.stderr).toMatch(/^error: unknown option '--prot'\n\(Did you mean --port\?\)\n/);
    expect(ran[1]!.stderr).toMatch(/^error: unknown command 'frobnicate'\n/);
    expect(ran[2]!.stderr).toBe("error: unknown command 'extra'\n(core has keygen, reseal)\n");
    for (const { stderr } of ran) expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('takes no word for a subcommand that it has not, and none after its own options', async () => {
    const folder = folderForTest();
    const mistyped = await enigma(['principal', ...flags({ dataDir: folder }), 'bakup', 'copy']);
    const { code, stderr } = mistyped;
    const expected = "error: unknown command 'bakup'\n(principal has backup, restore, rotate, reseal)\n";
    expect({ code, stderr }).toEqual({ code: 2, stderr: expected });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses addresses and CURVE keys that are none, and half of what encryption needs', async () => {
    const folder = folderForTest();
    const keys = join(folder, 'keys');
    const serverKey = await keygen(keys);
    const spoilt = join(folder, 'spoilt');
    writeFileSync(spoilt, readFileSync(keys, 'utf8').replace(/(secretKey": *"[^"]{39})./, '$1~'), {
      mode: 0o600,
    });
    const show = (values: Readonly<Record<string, string>>) =>
      enigma(['attest', 'show', ...flags({ endpoint: 'tcp://127.0.0.1:1', timeout: '500', ...values })]);
    const ran = await Promise.all([
      show({ endpoint: 'tcp://127.0.0.1' }),
      show({ endpoint: 'tcp://127.0.0.1:99999' }),
      enigma(['gateway', ...flags({ listen: '0', endpoint: 'ipc://' })]),
      show({ serverKey: `${serverKey.slice(1)}~`, curveKeyFile: keys }),
      show({ serverKey, curveKeyFile: spoilt }),
      show({ curveKeyFile: keys }),
      show({ serverKey }),
    ]);
    const expected = 'is not an endpoint: expected tcp://host:port or ipc://path';
    expect(ran.map(({ stderr }) => stderr)).toEqual([
      `endpoint: "tcp://127.0.0.1" ${expected}\n`,
      `endpoint: "tcp://127.0.0.1:99999" ${expected}\n`,
      `endpoint: "ipc://" ${expected}\n`,
      '--server-key: expected 40 characters of Z85\n',
      `${spoilt}: expected a CURVE key pair as \`enigma core keygen\` writes it\n`,
      "--curve-key-file needs --server-key too: without the core's public key nothing would be encrypted\n",
      '--server-key needs --curve-key-file too\n',
    ]);
    expect(ran.map(({ code }) => code)).toEqual(Array(7).fill(2));
  });

  it('takes for expected what is its own or of the system, and for a bug what is neither', () => {
    const coded = (code: string, more: object = {}) => Object.assign(new Error('x'), { code, ...more });
    expect(isExpected(coded('CORRUPT'))).toBe(true);
    expect(isExpected(coded('EACCES', { errno: -13, syscall: 'open' }))).toBe(true);
    expect(isExpected(coded('ERR_INVALID_ARG_TYPE'))).toBe(false);
    expect(isExpected(coded('EINVAL', { errno: 22 }))).toBe(false);
    expect(isExpected(new TypeError('x'))).toBe(false);
  });

  it('says what to do about a sealing key that others can read', async () => {
    const folder = folderForTest();
    const key = join(folder, 'key');
    mkdirSync(join(folder, 'data'));
    writeFileSync(key, '00'.repeat(32));
    chmodSync(key, 0o644);
    const { code, stderr } = await enigma([
      'core',
      '--data-dir',
      join(folder, 'data'),
      '--port',
      '0',
      '--sealing',
      'key-file',
      '--sealing-key-file',
      key,
    ]);
    expect(code).toBe(1);
    expect(stderr).toBe(`sealing key file ${key}: mode 0644 lets other users in; run: chmod 600 ${key}\n`);
  });

  it.each(['core', 'principal'])(
    'makes no new sealing key beside what an old one sealed: %s',
    async (name) => {
      const folder = folderForTest();
      if (name === 'core') mkdirSync(join(folder, 'store'));
      else writeFileSync(join(folder, 'principal.sealed'), 'sealed');
      const { code, stderr } = await enigma([name, '--data-dir', folder]);
      expect(code).toBe(1);
      expect(stderr).toBe(
        `${join(folder, 'sealing.key')} is missing, without which nothing opens that was sealed with --sealing simulation\n`,
      );
      expect(existsSync(join(folder, 'sealing.key'))).toBe(false);
    },
  );

  it('says the same of a passphrase', async () => {
    const folder = folderForTest();
    const passphraseFile = join(folder, 'passphrase');
    writeFileSync(passphraseFile, 'open to all\n', { mode: 0o644 });
    const values = { dataDir: join(folder, 'data'), port: '0', sealing: 'passphrase', passphraseFile };
    const { code, stderr } = await enigma(['core', ...flags(values)]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `passphrase file ${passphraseFile}: mode 0644 lets other users in; run: chmod 600 ${passphraseFile}\n`,
    );
  });
});
