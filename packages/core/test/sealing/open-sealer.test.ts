import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8 } from '@enigma-worker/crypto';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openSealer } from '#enclave/sealing/open-sealer.js';

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sealing-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
});

const withCode = (code: string) => expect.objectContaining({ name: 'SealingError', code }) as Error;

describe('simulation', () => {
  test('keeps its key in the data folder, with mode 0600', async () => {
    const first = await openSealer({ kind: 'simulation', dataDir });
    const again = await openSealer({ kind: 'simulation', dataDir });
    expect(again.open('a', first.seal('a', utf8('secret')))).toEqual(utf8('secret'));
    expect(first.mode).toBe('simulation');
    expect((await stat(join(dataDir, 'sealing.key'))).mode & 0o777).toBe(0o600);
    expect(await readdir(dataDir)).toEqual(['sealing.key']);
  });

  test('is made once by many at the same time', async () => {
    const folder = join(dataDir, 'new', 'folder');
    const sealers = await Promise.all(
      Array.from({ length: 8 }, () => openSealer({ kind: 'simulation', dataDir: folder })),
    );
    const sealed = sealers[0]!.seal('a', utf8('secret'));
    for (const sealer of sealers) expect(sealer.open('a', sealed)).toEqual(utf8('secret'));
  });
});

describe('a key file', () => {
  const key = 'ab'.repeat(32);

  async function keyFile(content: string, mode: number): Promise<string> {
    const path = join(dataDir, 'key');
    await writeFile(path, content);
    await chmod(path, mode);
    return path;
  }

  test.each([key, `${key}\n`, `0x${key.toUpperCase()} \n`])('is read from %j', async (content) => {
    const sealer = await openSealer({ kind: 'key-file', path: await keyFile(content, 0o400) });
    expect(sealer.mode).toBe('key-file');
  });

  test.each([0o640, 0o604, 0o660, 0o611, 0o777])('is refused with mode %o', async (mode) => {
    const path = await keyFile(key, mode);
    await expect(openSealer({ kind: 'key-file', path })).rejects.toThrow(withCode('PERMISSIONS'));
    await expect(openSealer({ kind: 'key-file', path })).rejects.toThrow(/chmod 600/);
  });

  test('is checked where a link leads to', async () => {
    await keyFile(key, 0o644);
    const path = join(dataDir, 'link');
    await symlink(join(dataDir, 'key'), path);
    await expect(openSealer({ kind: 'key-file', path })).rejects.toThrow(withCode('PERMISSIONS'));
  });

  test.each(['', 'xy', key.slice(2), `${key}00`, 'z'.repeat(64), ' '.repeat(200)])(
    'is refused with content %j, which is not quoted',
    async (content) => {
      const path = await keyFile(content, 0o600);
      const error: unknown = await openSealer({ kind: 'key-file', path }).catch((reason: unknown) => reason);
      expect(error).toEqual(withCode('KEY_INVALID'));
      if (content.trim() !== '') expect((error as Error).message).not.toContain(content.trim());
    },
  );

  test('is not made unless asked for', async () => {
    const path = join(dataDir, 'missing');
    await expect(openSealer({ kind: 'key-file', path })).rejects.toThrow(withCode('KEY_UNAVAILABLE'));
    await openSealer({ kind: 'key-file', path, create: true });
    expect(await readFile(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
  });

  test('is no folder', async () => {
    await mkdir(join(dataDir, 'folder'), { mode: 0o700 });
    await expect(openSealer({ kind: 'key-file', path: join(dataDir, 'folder') })).rejects.toThrow(
      withCode('KEY_INVALID'),
    );
  });
});

describe('a passphrase', () => {
  test('opens what it sealed, another does not', async () => {
    const sealer = await openSealer({ kind: 'passphrase', passphrase: 'correct horse', dataDir });
    const again = await openSealer({ kind: 'passphrase', passphrase: 'correct horse', dataDir });
    expect(again.open('a', sealer.seal('a', utf8('secret')))).toEqual(utf8('secret'));
    await expect(openSealer({ kind: 'passphrase', passphrase: 'wrong', dataDir })).rejects.toThrow(
      withCode('WRONG_KEY'),
    );
  });

  test('is not empty', async () => {
    await expect(openSealer({ kind: 'passphrase', passphrase: '', dataDir })).rejects.toThrow(
      withCode('KEY_INVALID'),
    );
  });

  test.each([
    '',
    '{}',
    '{"kdf":"scrypt","N":1099511627776,"r":8,"p":1,"salt":"00","keyId":"00"}',
    '{"kdf":"scrypt","N":131071,"r":8,"p":1,"salt":"00","keyId":"00"}',
    '{"kdf":"scrypt","N":1,"r":8,"p":1,"salt":"00","keyId":"00"}',
    '{"kdf":"scrypt","N":2,"r":1048576,"p":16,"salt":"00","keyId":"00"}',
  ])('refuses the parameters %j', async (content) => {
    await writeFile(join(dataDir, 'sealing.json'), content);
    await expect(openSealer({ kind: 'passphrase', passphrase: 'x', dataDir })).rejects.toThrow(
      withCode('KEY_INVALID'),
    );
  });
});

describe('Gramine', () => {
  async function gramine(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
    await mkdir(join(dataDir, 'keys'));
    for (const [name, content] of Object.entries(files))
      await writeFile(join(dataDir, 'keys', name), content);
    return dataDir;
  }

  test('gives a key bound to the enclave and one bound to its signer', async () => {
    const root = await gramine({
      _sgx_mrenclave: new Uint8Array(16).fill(1),
      _sgx_mrsigner: new Uint8Array(16).fill(1),
    });
    const enclave = await openSealer({ kind: 'gramine', boundTo: 'mrenclave', root });
    const signer = await openSealer({ kind: 'gramine', boundTo: 'mrsigner', root });
    expect([enclave.mode, signer.mode]).toEqual(['gramine-mrenclave', 'gramine-mrsigner']);
    const sealed = enclave.seal('a', utf8('secret'));
    // Equal keys of the platform still give different sealing keys.
    expect(() => signer.open('a', sealed)).toThrow(withCode('WRONG_KEY'));
    const again = await openSealer({ kind: 'gramine', boundTo: 'mrenclave', root });
    expect(again.open('a', sealed)).toEqual(utf8('secret'));
  });

  test('is missing outside of an enclave', async () => {
    await expect(openSealer({ kind: 'gramine', boundTo: 'mrenclave', root: dataDir })).rejects.toThrow(
      withCode('KEY_UNAVAILABLE'),
    );
  });

  test('gives keys of 16 bytes', async () => {
    const root = await gramine({ _sgx_mrenclave: new Uint8Array(32) });
    await expect(openSealer({ kind: 'gramine', boundTo: 'mrenclave', root })).rejects.toThrow(
      withCode('KEY_INVALID'),
    );
  });
});
