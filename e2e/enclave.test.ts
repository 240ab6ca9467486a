import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { addressOf, recoverAddress, toHex, utf8 } from '@enigma-worker/crypto';
import { fetchStateKeys } from '@enigma-worker/principal';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Manifest, readManifest } from './harness/manifest.js';
import { compute, newAddress } from './harness/user.js';
import { World } from './harness/world.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

const hasCompiler = process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0;

/** What the documented calls of gramine-manifest put in; what Gramine knows of itself is made up. */
const VARIABLES = {
  'gramine.libos': '/gramine/libsysdb.so',
  'gramine.runtimedir()': '/gramine/runtime',
  arch_libdir: '/lib/x86_64-linux-gnu',
  node: process.execPath,
  repo: ROOT,
  principal_address: `0x${'11'.repeat(20)}`,
};

/** What Gramine 1.9 knows of what we use: https://gramine.readthedocs.io/en/v1.9/manifest-syntax.html */
const KNOWN: Readonly<Record<string, 'string' | 'boolean' | 'number' | 'size' | 'list'>> = {
  'loader.entrypoint.uri': 'string',
  'libos.entrypoint': 'string',
  'loader.log_level': 'string',
  'loader.argv': 'list',
  'sys.stack.size': 'size',
  'sys.brk.max_size': 'size',
  'sys.enable_sigterm_injection': 'boolean',
  'sys.disallow_subprocesses': 'boolean',
  'fs.mounts': 'list',
  'sgx.debug': 'boolean',
  'sgx.remote_attestation': 'string',
  'sgx.enclave_size': 'size',
  'sgx.max_threads': 'number',
  'sgx.use_exinfo': 'boolean',
  'sgx.trusted_files': 'list',
  'sgx.allowed_files': 'list',
};

const bytesOf = (size: string): number => {
  const [, number, unit] = /^(\d+)([KMG])$/.exec(size)!;
  return Number(number) * 1024 ** (1 + 'KMG'.indexOf(unit!));
};

interface Mount {
  readonly path: string;
  readonly uri?: string;
  readonly type?: string;
}

const list = (manifest: Manifest, key: string): readonly string[] => manifest.get(key) as readonly string[];
const mountsOf = (manifest: Manifest): readonly Mount[] => manifest.get('fs.mounts') as unknown as Mount[];
const argvOf = (manifest: Manifest): readonly string[] => list(manifest, 'loader.argv');
const sizeOf = (manifest: Manifest): number => bytesOf(manifest.get('sgx.enclave_size') as string);

/** The options of a manifest's command, by their names. */
function flagsOf(manifest: Manifest, command: string): Map<string, string> {
  const argv = argvOf(manifest);
  const flags = argv.slice(argv.indexOf(command) + 1);
  expect(flags.length % 2).toBe(0);
  return new Map(
    Array.from({ length: flags.length / 2 }, (_, index) => [flags[2 * index]!, flags[2 * index + 1]!]),
  );
}

describe.each(['core', 'principal'])('the manifest of a %s', (name) => {
  const manifest = readManifest(name, VARIABLES);
  const mounts = mountsOf(manifest);

  it('has nothing that Gramine does not know, and nothing that it calls insecure', () => {
    for (const [key, value] of manifest) {
      if (/^loader\.env\.[A-Z_]+$/.test(key)) expect(value).toBeTypeOf('string');
      else {
        const kind = KNOWN[key];
        expect(kind, key).toBeDefined();
        if (kind === 'list') expect(value, key).toBeInstanceOf(Array);
        else if (kind === 'size') expect(value, key).toMatch(/^\d+[KMG]$/);
        else expect(value, key).toBeTypeOf(kind!);
      }
    }
    for (const mount of mounts) {
      expect(Object.keys(mount).every((key) => ['type', 'path', 'uri'].includes(key))).toBe(true);
      expect(mount.path).toMatch(/^\//);
      if (mount.type !== 'tmpfs') expect(mount.uri).toMatch(/^file:/);
    }
    expect([...manifest.keys()].filter((key) => key.includes('insecure'))).toEqual([]);
    expect(manifest.get('sgx.debug')).toBe(false);
    // The hardware knows no other sizes.
    expect(Math.log2(sizeOf(manifest)) % 1).toBe(0);
  });

  it('has every file that is mounted verified, but the data folder', () => {
    const trusted = list(manifest, 'sgx.trusted_files');
    const allowed = list(manifest, 'sgx.allowed_files');
    expect(allowed).toEqual(['file:data/']);
    for (const { type, uri } of mounts) {
      if (type === 'tmpfs') continue;
      const covered = [...trusted, ...allowed].some(
        (each) => each.replace(/\/$/, '') === uri || each.startsWith(`${uri}/`),
      );
      expect(covered, uri).toBe(true);
    }
  });

  it('names files of this repository that are there', () => {
    const script = argvOf(manifest).find((each) => each.endsWith('.js'))!;
    const files = list(manifest, 'sgx.trusted_files').map((each) => each.replace(/^file:/, ''));
    const own = files.filter((each) => each.startsWith(ROOT));
    expect(own).toHaveLength(3);
    for (const file of [script, process.execPath, ...own]) expect(existsSync(file), file).toBe(true);
    expect(own.some((file) => script.startsWith(file))).toBe(true);
    expect(manifest.get('libos.entrypoint')).toBe(process.execPath);
  });

  it('keeps what its command writes in folders that are mounted for it', () => {
    const flags = flagsOf(manifest, name);
    const kindOf = (path: string | undefined) => mounts.find((mount) => mount.path === path);
    expect(kindOf(flags.get('--data-dir'))?.uri).toBe('file:data');
    if (name === 'core') expect(kindOf(flags.get('--store-memory-dir'))?.type).toBe('tmpfs');
  });
});

let world: World;
const children: ChildProcess[] = [];
beforeEach(() => void (world = new World()));
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await world[Symbol.asyncDispose]();
});

interface Running {
  readonly child: ChildProcess;
  /** Where it listens. */
  readonly url: string;
}

/** The command of a manifest with some options exchanged, and no more address space than the enclave has, outside of one. */
async function run(
  name: string,
  exchanged: Readonly<Record<string, string>>,
  preload?: string,
): Promise<Running | undefined> {
  const manifest = readManifest(name, VARIABLES);
  const flags = flagsOf(manifest, name);
  for (const [flag, value] of Object.entries(exchanged)) flags.set(flag, value);
  const argv = argvOf(manifest);
  const [node, ...fixed] = argv.slice(0, argv.indexOf(name) + 1);
  expect(node).toBe('node');
  const limit = `ulimit -v ${sizeOf(manifest) / 1024}; exec "$0" "$@"`;
  const child = spawn('bash', ['-c', limit, process.execPath, ...fixed, ...[...flags].flat()], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], ...(preload !== undefined && { LD_PRELOAD: preload }) },
  });
  children.push(child);
  for await (const line of createInterface(child.stdout)) {
    const { endpoint, url = endpoint } = JSON.parse(line) as { endpoint?: string; url?: string };
    if (url !== undefined) return { child, url };
  }
  return undefined;
}

/** The model of what Gramine does otherwise, compiled into a folder. */
function modelIn(folder: string): string {
  const model = join(folder, 'model.so');
  const source = fileURLToPath(new URL('harness/gramine-model.c', import.meta.url));
  const compiled = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', model, source]);
  expect(compiled.stderr.toString()).toBe('');
  return model;
}

describe('the command of the manifest of a principal', () => {
  it.skipIf(!hasCompiler)(
    'serves within the address space of the enclave, without hard links, and after it was killed',
    async () => {
      const folder = world.folder();
      const model = modelIn(folder);
      const options = {
        '--data-dir': join(folder, 'data'),
        '--listen': '127.0.0.1:0',
        '--sealing': 'simulation',
      };
      const contract = newAddress();
      const worker = await world.worker();
      const client = world.client(worker.endpoint);
      const { request, workerSig } = await client.getPTTRequest({ addresses: [contract] });
      const query = { request, workerSig, addresses: [contract] };
      const principals: Uint8Array[] = [];
      for (let start = 0; start < 2; start++) {
        const running = await run('principal', options, model);
        const { data, sig } = await fetchStateKeys(running!.url, query, { retries: 0 });
        principals.push(recoverAddress(data, sig));
        running!.child.kill('SIGKILL');
      }
      expect(toHex(principals[0]!)).toBe(toHex(principals[1]!));
    },
  );
});

describe('the command of the manifest of a core', () => {
  const manifest = readManifest('core', VARIABLES);

  const start = async (folder: string, more: Readonly<Record<string, string>> = {}, preload?: string) => {
    const exchanged = {
      '--data-dir': join(folder, 'data'),
      '--store-memory-dir': join(folder, 'memory'),
      '--port': '0',
      '--attestation': 'simulation',
      '--sealing': 'simulation',
      '--principal-address': `0x${toHex(addressOf(world.principal.identity.publicKey))}`,
      ...more,
    };
    const running = await run('core', exchanged, preload);
    return running && { child: running.child, endpoint: running.url };
  };

  it('serves within the address space and the threads of the enclave, and after it was killed', async () => {
    const folder = world.folder();
    mkdirSync(join(folder, 'memory'));
    const first = await start(folder);
    const before = world.client(first!.endpoint);
    const addresses = await Promise.all(Array.from({ length: 8 }, () => world.deployed(before)));
    await Promise.all(
      addresses.map((address) => compute(before, { address, fn: 'set(any)', args: utf8('"kept"') })),
    );
    const status = readFileSync(`/proc/${first!.child.pid}/status`, 'utf8');
    const threads = Number(/^Threads:\s+(\d+)$/m.exec(status)![1]);
    // Gramine has threads of its own.
    expect(threads).toBeLessThan(Number(manifest.get('sgx.max_threads')) - 8);
    const peak = Number(/^VmPeak:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
    const store = Number(flagsOf(manifest, 'core').get('--store-memory')) * 1024 * 1024;
    // Room for the store a second time, since Gramine keeps a file in memory and its map apart, and a quarter to spare.
    expect(peak + store).toBeLessThan(0.75 * sizeOf(manifest));
    first!.child.kill('SIGKILL');

    const second = await start(folder);
    const after = world.client(second!.endpoint);
    for (const address of addresses) {
      expect(Buffer.from((await compute(after, { address, fn: 'get()' })).output).toString()).toBe('"kept"');
    }
    // On the disk there is nothing but sealed files and the lock.
    expect(readdirSync(join(folder, 'data', 'store')).sort()).toEqual(['core.lock', 'journal']);
  });

  it.skipIf(!hasCompiler)('runs where maps of files are copies, and there are no hard links', async () => {
    const folder = world.folder();
    mkdirSync(join(folder, 'memory'));
    const model = modelIn(folder);
    const first = await start(folder, {}, model);
    const maps = readFileSync(`/proc/${first!.child.pid}/maps`, 'utf8');
    expect([maps.includes(model), maps.includes('data.mdb')]).toEqual([true, false]);
    const before = world.client(first!.endpoint);
    const addresses = await Promise.all(Array.from({ length: 4 }, () => world.deployed(before)));
    for (const value of ['1', '2', '"kept"']) {
      await Promise.all(
        addresses.map((address) => compute(before, { address, fn: 'set(any)', args: utf8(value) })),
      );
    }
    first!.child.kill('SIGKILL');
    const second = await start(folder, {}, model);
    const after = world.client(second!.endpoint);
    for (const address of addresses) {
      expect(Buffer.from((await compute(after, { address, fn: 'get()' })).output).toString()).toBe('"kept"');
    }
    second!.child.kill('SIGTERM');
    expect(await once(second!.child, 'exit')).toEqual([0, null]);
  });

  it('does not start there with a store on the disk', async () => {
    const folder = world.folder();
    mkdirSync(join(folder, 'memory'));
    expect(await start(folder, { '--store': 'disk' })).toBeUndefined();
  });
});
