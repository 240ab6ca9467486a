import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { enigma, flags, folderForTest, keygen, serveForTest } from './support/enigma.js';

describe('the start of a core', () => {
  it('is refused on files that would protect nothing or hold nothing', async () => {
    const folder = folderForTest();
    const at = (name: string): string => join(folder, name);
    await keygen(at('keys'));
    await keygen(at('open'));
    chmodSync(at('open'), 0o644);
    writeFileSync(at('file'), 'no key\n', { mode: 0o600 });
    const start = async (values: Readonly<Record<string, string>>) => {
      const { code, stderr } = await enigma([
        'core',
        ...flags({ dataDir: at('data'), port: '0', ...values }),
      ]);
      expect(stderr).not.toMatch(/\n\s+at /);
      return `${code} ${stderr.replaceAll(folder, '')}`;
    };
    const said = await Promise.all([
      start({ allowFile: at('file') }),
      start({ curveKeyFile: at('keys') }),
      start({ curveKeyFile: at('none'), allowFile: at('file') }),
      start({ curveKeyFile: at('open'), allowFile: at('file') }),
      start({ curveKeyFile: at('file'), allowFile: at('file') }),
      start({ logFile: join(at('file'), 'core.log') }),
      start({ logFile: '/proc/none/core.log' }),
      start({ dataDir: at('file') }),
      start({ dataDir: '/proc/none/data' }),
      start({ bind: `ipc://${at('x'.repeat(120))}` }),
      start({ bind: 'foo' }),
      start({ bind: 'tcp://127.0.0.1' }),
    ]);
    expect(said).toEqual([
      "2 --allow-file needs --curve-key-file: the core's own key pair\n",
      '2 --curve-key-file needs --allow-file: the public keys of the clients that may connect\n',
      "2 --curve-key-file: ENOENT: no such file or directory, open '/none'\n",
      '2 CURVE key file /open: mode 0644 lets other users in; run: chmod 600 /open\n',
      '2 /file: expected a CURVE key pair as `enigma core keygen` writes it\n',
      '2 --log-file: /file is a file\n',
      expect.stringMatching(/^2 --log-file: E.*\/proc\/none/),
      '1 data folder /file: /file is a file\n',
      expect.stringMatching(/^1 data folder \/proc\/none\/data: E/),
      expect.stringMatching(/^1 ipc:\/\/\/x+: the path of a socket has at most 107 bytes\n$/),
      '2 --bind: expected tcp://host:port or ipc://path\n',
      '2 --bind: expected tcp://host:port or ipc://path\n',
    ]);
  });

  it('warns of plain TCP beyond loopback, of a list that lets nobody in, and of misspelt variables', async () => {
    const folder = folderForTest();
    const at = (name: string): string => join(folder, name);
    await keygen(at('keys'));
    writeFileSync(at('nobody'), '# later\n');
    const [open, closed] = await Promise.all([
      serveForTest(['core', '--insecure-bind', ...flags({ dataDir: at('1'), bind: 'tcp://0.0.0.0:0' })], {
        env: { ENIGMA_CORE_PROT: '1' },
      }),
      serveForTest([
        'core',
        ...flags({ dataDir: at('2'), port: '0', curveKeyFile: at('keys'), allowFile: at('nobody') }),
      ]),
    ]);
    expect(open.log()).toMatch(/"level":40,.*"bind":"tcp:\/\/0\.0\.0\.0:0","msg":"plain TCP beyond loopback/);
    expect(open.log()).toMatch(/"level":40,.*"variable":"ENIGMA_CORE_PROT"/);
    expect(closed.log()).toMatch(/"level":40,.*the list of allowed clients is empty: nobody can connect/);
    expect(closed.log()).not.toMatch(/plain TCP|ENIGMA_CORE_/);
  });
});
