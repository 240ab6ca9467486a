import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromHex, randomBytes, toHex } from '@enigma-worker/crypto';
import {
  backupPrincipal,
  fetchStateKeys,
  resealSecrets,
  restorePrincipal,
  rotateMasterSecret,
} from '@enigma-worker/principal';
import { deriveStateKey } from '#secrets/state-key.js';
import { describe, expect, test } from 'vitest';
import {
  beginExchange,
  finishExchange,
  memorySealer,
  runPrincipal,
  temporaryFolder,
} from './support/principal.js';

const once = { retries: 0 };

/** The state keys that a principal over this folder gives for the contracts. */
async function keysOf(
  dataDir: string,
  sealer: ReturnType<typeof memorySealer>,
  contracts: readonly Uint8Array[],
) {
  const principal = await runPrincipal({ dataDir, sealer });
  const exchange = beginExchange('seed', contracts);
  const { data } = await fetchStateKeys(principal.url, exchange, once);
  await principal.close();
  return {
    address: toHex(principal.address),
    keys: finishExchange(exchange, data).map(({ key }) => toHex(key)),
  };
}

describe('state keys', () => {
  test('are derived as they always were', () => {
    // Made once with Python's hmac module, after RFC 5869.
    const key = deriveStateKey(fromHex('11'.repeat(32)), 3, fromHex('22'.repeat(32)));
    expect(toHex(key)).toBe('0bd20723c456f57edfb9f2449a86387236d056c405330242e4f38ebb8dcf7479');
  });

  test('differ by master secret, generation and contract', () => {
    const [a, b] = [randomBytes(32), randomBytes(32)];
    const keys = [
      deriveStateKey(a, 0, a),
      deriveStateKey(b, 0, a),
      deriveStateKey(a, 1, a),
      deriveStateKey(a, 0, b),
    ];
    expect(new Set(keys.map(toHex)).size).toBe(4);
  });
});

describe('rotation', () => {
  test('gives new contracts keys of the new generation, old ones keep theirs', async () => {
    const dataDir = await temporaryFolder();
    const sealer = memorySealer();
    const [old, fresh] = [randomBytes(32), randomBytes(32)];
    const before = await keysOf(dataDir, sealer, [old]);
    expect(await rotateMasterSecret(dataDir, sealer)).toBe(1);
    const after = await keysOf(dataDir, sealer, [old, fresh]);
    expect(after.keys[0]).toBe(before.keys[0]);
    expect(after.address).toBe(before.address);

    const again = await keysOf(dataDir, sealer, [fresh, old]);
    expect(again.keys).toEqual(after.keys.toReversed());
  });

  test('needs a principal', async () => {
    await expect(rotateMasterSecret(await temporaryFolder(), memorySealer())).rejects.toMatchObject({
      code: 'NOT_PROVISIONED',
    });
  });
});

describe('a backup', () => {
  test('brings back address, keys and generations in another folder under another sealing key', async () => {
    const [from, to] = [await temporaryFolder(), await temporaryFolder()];
    const [sealer, other] = [memorySealer(), memorySealer()];
    const contracts = [randomBytes(32), randomBytes(32)];
    await keysOf(from, sealer, contracts.slice(0, 1));
    await rotateMasterSecret(from, sealer);
    const original = await keysOf(from, sealer, contracts);

    const backup = await backupPrincipal(from, sealer, 'correct horse');
    await restorePrincipal(to, other, backup, 'correct horse');
    expect(await keysOf(to, other, contracts)).toEqual(original);
    for (const key of original.keys) expect(backup).not.toContain(key);
  });

  test('can be restored after a restore that was cut short, before which nothing starts', async () => {
    const [from, to] = [await temporaryFolder(), await temporaryFolder()];
    const sealer = memorySealer();
    const contracts = [randomBytes(32), randomBytes(32)];
    const original = await keysOf(from, sealer, contracts);
    const backup = await backupPrincipal(from, sealer, 'passphrase');
    // The list is written first, and its first record was being written.
    await writeFile(join(to, 'contracts.log'), (await readFile(join(from, 'contracts.log'))).subarray(0, 30));
    await writeFile(join(to, 'principal.lock'), 'left over');
    await expect(runPrincipal({ dataDir: to, sealer })).rejects.toMatchObject({ code: 'SECRETS_MISSING' });
    await expect(restorePrincipal(to, sealer, backup, 'wrong')).rejects.toMatchObject({
      code: 'WRONG_PASSPHRASE',
    });
    await restorePrincipal(to, sealer, backup, 'passphrase');
    expect(await keysOf(to, sealer, contracts)).toEqual(original);
  });

  test('is refused under another passphrase, when altered, and over existing secrets', async () => {
    const [from, to] = [await temporaryFolder(), await temporaryFolder()];
    const sealer = memorySealer();
    await keysOf(from, sealer, []);
    const backup = await backupPrincipal(from, sealer, 'right');
    await expect(restorePrincipal(to, sealer, backup, 'wrong')).rejects.toMatchObject({
      code: 'WRONG_PASSPHRASE',
    });
    await expect(restorePrincipal(to, sealer, '{}', 'right')).rejects.toMatchObject({
      code: 'BACKUP_MALFORMED',
    });
    await expect(restorePrincipal(to, sealer, 'x', 'right')).rejects.toMatchObject({
      code: 'BACKUP_MALFORMED',
    });
    await expect(restorePrincipal(from, sealer, backup, 'right')).rejects.toMatchObject({
      code: 'ALREADY_PROVISIONED',
    });
    await expect(backupPrincipal(to, sealer, 'right')).rejects.toMatchObject({ code: 'NOT_PROVISIONED' });
    await expect(backupPrincipal(from, sealer, '')).rejects.toMatchObject({ code: 'WRONG_PASSPHRASE' });
  });
});

describe('a list of contracts whose end is not whole', () => {
  /** The folder of a principal that gave keys for the contracts, and half a record more. */
  async function withHalfARecord() {
    const dataDir = await temporaryFolder();
    const sealer = memorySealer();
    const contracts = [randomBytes(32), randomBytes(32)];
    const given = await keysOf(dataDir, sealer, contracts);
    await appendFile(join(dataDir, 'contracts.log'), randomBytes(20));
    return { dataDir, sealer, contracts, given };
  }

  test('is mended after a sudden end, whatever failed or was done to the folder in between', async () => {
    const { dataDir, sealer, contracts, given } = await withHalfARecord();
    await writeFile(join(dataDir, 'principal.lock'), 'left over');
    await expect(runPrincipal({ dataDir, sealer: memorySealer() })).rejects.toMatchObject({
      code: 'DECRYPTION_FAILED',
    });
    await backupPrincipal(dataDir, sealer, 'passphrase');
    await expect(restorePrincipal(dataDir, sealer, '{}', 'passphrase')).rejects.toMatchObject({
      code: 'ALREADY_PROVISIONED',
    });
    expect(await rotateMasterSecret(dataDir, sealer)).toBe(1);
    expect(await keysOf(dataDir, sealer, contracts)).toEqual(given);
    expect(await readdir(dataDir)).not.toContain('principal.lock');
  });

  test('is refused when there was none: a contract that it lost would get another key', async () => {
    const { dataDir, sealer } = await withHalfARecord();
    const refused = {
      code: 'DATA_CORRUPT',
      message: `${join(dataDir, 'contracts.log')} is damaged: its last 20 bytes make no sense`,
    };
    await expect(runPrincipal({ dataDir, sealer })).rejects.toMatchObject(refused);
    await expect(backupPrincipal(dataDir, sealer, 'passphrase')).rejects.toMatchObject(refused);
  });
});

describe('secrets at rest', () => {
  test('open only under the key they are sealed with; resealing changes it', async () => {
    const dataDir = await temporaryFolder();
    const [sealer, other] = [memorySealer(), memorySealer()];
    const before = await keysOf(dataDir, sealer, []);
    await expect(runPrincipal({ dataDir, sealer: other })).rejects.toMatchObject({
      code: 'DECRYPTION_FAILED',
    });
    await resealSecrets(dataDir, sealer, other);
    expect(await keysOf(dataDir, other, [])).toEqual(before);
  });

  test('are not made anew in a folder that lost them', async () => {
    const dataDir = await temporaryFolder();
    const sealer = memorySealer();
    const contracts = [randomBytes(32)];
    const given = await keysOf(dataDir, sealer, contracts);
    const backup = await backupPrincipal(dataDir, sealer, 'passphrase');
    await rm(join(dataDir, 'principal.sealed'));
    await expect(runPrincipal({ dataDir, sealer })).rejects.toMatchObject({
      code: 'SECRETS_MISSING',
      message: expect.stringContaining(dataDir),
    });
    expect(await readdir(dataDir)).not.toContain('principal.sealed');
    await restorePrincipal(dataDir, sealer, backup, 'passphrase');
    expect(await keysOf(dataDir, sealer, contracts)).toEqual(given);
  });

  test('of before a rotation are refused where contracts got keys since', async () => {
    const dataDir = await temporaryFolder();
    const sealer = memorySealer();
    await keysOf(dataDir, sealer, [randomBytes(32)]);
    const early = await backupPrincipal(dataDir, sealer, 'passphrase');
    const earlySecrets = await readFile(join(dataDir, 'principal.sealed'));
    await rotateMasterSecret(dataDir, sealer);
    // Nobody has a key of the new generation yet.
    await writeFile(join(dataDir, 'principal.sealed'), earlySecrets);
    await keysOf(dataDir, sealer, []);
    await rotateMasterSecret(dataDir, sealer);
    const contracts = [randomBytes(32)];
    const given = await keysOf(dataDir, sealer, contracts);
    const late = await backupPrincipal(dataDir, sealer, 'passphrase');
    const refused = {
      code: 'SECRETS_OUTDATED',
      message: expect.stringContaining('keys of generation 1; it holds none beyond 0'),
    };
    await writeFile(join(dataDir, 'principal.sealed'), earlySecrets);
    await expect(runPrincipal({ dataDir, sealer })).rejects.toMatchObject(refused);
    await rm(join(dataDir, 'principal.sealed'));
    await expect(restorePrincipal(dataDir, sealer, early, 'passphrase')).rejects.toMatchObject(refused);
    expect(await readdir(dataDir)).not.toContain('principal.sealed');
    await restorePrincipal(dataDir, sealer, late, 'passphrase');
    expect(await keysOf(dataDir, sealer, contracts)).toEqual(given);
  });

  test('leave no temporary file and no clear text', async () => {
    const dataDir = await temporaryFolder();
    const { keys } = await keysOf(dataDir, memorySealer(), [randomBytes(32)]);
    const files = await readdir(dataDir);
    expect(files.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    for (const file of await readdir(dataDir, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const content = await readFile(join(file.parentPath, file.name));
      expect(content.includes(Buffer.from(keys[0]!, 'hex'))).toBe(false);
    }
  });
});
