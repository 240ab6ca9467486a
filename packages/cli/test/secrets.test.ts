import { toHex } from '@enigma-worker/crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enigma, enigmaJson, flags, serveForTest, temporaryFolder } from './support/enigma.js';
import { deployMillionaires, startNetwork } from './support/world.js';

const { path: folder, remove } = temporaryFolder();
const at = (...names: string[]): string => join(folder, ...names);
const core = at('core');
const principal = at('principal');
let principalAddress: string;
let signingAddress: string;

beforeAll(async () => {
  const network = await startNetwork(folder);
  await deployMillionaires(network, 1);
  principalAddress = toHex(network.principalAddress);
  signingAddress = toHex(network.signingAddress);
  await network.close();
  writeFileSync(at('first'), 'correct horse\n', { mode: 0o600 });
  writeFileSync(at('second'), 'battery staple\n', { mode: 0o600 });
  writeFileSync(at('other-key'), `${'a5'.repeat(32)}\n`, { mode: 0o600 });
  writeFileSync(at('key'), `${'5a'.repeat(32)}\n`, { mode: 0o600 });
});

afterAll(remove);

describe('enigma principal', () => {
  it('restores a backup under its passphrase, after a rotation with all generations', async () => {
    const backup = at('principal.backup');
    const run = (name: string, ...args: string[]) => enigma(['principal', name, ...args]);
    const passphrase = (name: string): string[] => ['--backup-passphrase-file', at(name)];
    expect((await run('rotate', '--data-dir', principal)).stdout).toMatch(/^rotated: .* generation 1\n/);
    expect((await run('backup', backup, '--data-dir', principal, ...passphrase('first'))).code).toBe(0);
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    const [wrong, again, full, restored] = await Promise.all([
      run('restore', backup, '--data-dir', at('wrong'), ...passphrase('second')),
      run('backup', backup, '--data-dir', principal, ...passphrase('first')),
      run('restore', backup, '--data-dir', principal, ...passphrase('first')),
      run('restore', backup, '--data-dir', at('restored'), ...passphrase('first')),
    ]);
    expect(wrong).toMatchObject({
      code: 1,
      stderr: 'backup: does not open under this passphrase, or was altered\n',
    });
    expect(again).toMatchObject({ code: 1, stderr: `${backup} exists already\n` });
    expect(full.stderr).toContain("holds a principal's secrets already");
    expect(restored.code).toBe(0);
    const server = await serveForTest([
      'principal',
      ...flags({ dataDir: at('restored'), listen: '127.0.0.1:0' }),
    ]);
    expect(server.started).toMatchObject({ address: principalAddress, generations: 2 });
  });

  it('leaves no file that looks like a backup, or a key, when there is no room for it', async () => {
    const backup = ['principal', 'backup', at('no-backup'), '--data-dir', principal];
    const commands = [
      [...backup, '--backup-passphrase-file', at('first')],
      ['core', 'keygen', at('no-key')],
    ];
    for (const command of commands) {
      expect(await enigma(command, { full: true })).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('file too large'),
      });
      expect((await enigma(command)).code).toBe(0);
    }
  });

  it('is resealed, and needs its file of a passphrase', async () => {
    const move = ['--to-sealing', 'passphrase', '--to-passphrase-file', at('first')];
    const { code, stdout } = await enigma(['principal', 'reseal', '--data-dir', principal, ...move]);
    expect({ code, first: stdout.split('\n')[0] }).toEqual({
      code: 0,
      first: 'resealed simulation → passphrase',
    });
    const server = await serveForTest([
      'principal',
      ...flags({ dataDir: principal, listen: '127.0.0.1:0' }),
      ...flags({ sealing: 'passphrase', passphraseFile: at('first') }),
    ]);
    expect(server.started).toMatchObject({ address: principalAddress });
    expect(await enigma(['principal', 'rotate', '--data-dir', at('nowhere')])).toMatchObject({ code: 1 });
  });
});

// One core, moved from one test to the next.
describe('enigma core reseal', () => {
  const reseal = (from: readonly string[], to: readonly string[]) =>
    enigma(['core', 'reseal', '--data-dir', core, ...from, ...to]);
  const toOtherKey = flags({ toSealing: 'key-file', toSealingKeyFile: at('other-key') });
  const sealedBy = (name: string) => flags({ sealing: 'passphrase', passphraseFile: at(name) });
  const verify = (sealing: readonly string[]) =>
    enigmaJson<{ inspected: number }>(['db', 'verify', '--data-dir', core, ...sealing]);

  const toPassphrase = (name: string) => flags({ toSealing: 'passphrase', toPassphraseFile: at(name) });

  it('goes from simulation to a passphrase', async () => {
    const first = await reseal([], toPassphrase('first'));
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/^resealed 2 secrets: simulation → passphrase\n.*destroy it/);
    expect(await verify(sealedBy('first'))).toMatchObject({ problems: [], inspected: 1 });
  });

  it('goes from one passphrase to another', async () => {
    expect((await reseal(sealedBy('first'), toPassphrase('second'))).code).toBe(0);
    expect(existsSync(join(core, 'sealing.new'))).toBe(false);
    expect(await verify(sealedBy('second'))).toMatchObject({ problems: [], inspected: 1 });
    const old = await enigma(['db', 'verify', '--data-dir', core, ...sealedBy('first')]);
    expect(old.code).toBe(1);
    expect(old.stderr).toContain('sealing passphrase: not the one that');
  });

  it('goes to a key file, which a core starts with, and not while it runs', async () => {
    const byKey = flags({ sealing: 'key-file', sealingKeyFile: at('key') });
    const toKey = flags({ toSealing: 'key-file', toSealingKeyFile: at('key') });
    expect((await reseal(sealedBy('second'), toKey)).code).toBe(0);
    const server = await serveForTest(['core', ...flags({ dataDir: core, port: '0' }), ...byKey]);
    expect(server.started).toMatchObject({ signingAddress });
    const running = await reseal(byKey, toOtherKey);
    expect(running.stderr).toMatch(/^another core has the data folder .* open\n$/);
  });

  it('changes nothing with a key that does not open', async () => {
    const before = readFileSync(join(core, 'store', 'data.mdb'));
    const { code, stderr } = await reseal([], toOtherKey);
    expect(code).toBe(1);
    expect(stderr).toMatch(/sealed under another key than the one in use\n$/);
    expect(readFileSync(join(core, 'store', 'data.mdb')).equals(before)).toBe(true);
    expect(existsSync(join(core, 'sealing.new'))).toBe(false);
    expect((await reseal([], [])).stderr).toMatch(/^--to-sealing/);
  });
});
