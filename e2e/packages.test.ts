import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const execute = promisify(execFile);

/** What `npm test` itself was started with must not decide how strangers install, nor a worker of this machine how theirs runs. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm|enigma)_/i.test(name)),
);

interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** What programs import of our packages; the library of contracts is AssemblyScript's. */
const entries = readdirSync(join(root, 'packages')).flatMap((name) => {
  const text = readFileSync(join(root, 'packages', name, 'package.json'), 'utf8');
  const { exports } = JSON.parse(text) as { exports: Record<string, unknown> };
  const paths = Object.keys(exports).filter((path) => path !== './package.json' && path !== './assembly');
  return paths.map((path) => `@enigma-worker/${name}${path.slice(1)}`);
});

let folder: string;
let tarballs: string;
let installed: string;
let packed: readonly Packed[];

async function run(cwd: string, command: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(command, args, {
    cwd,
    env: environment,
    timeout: 240_000,
    maxBuffer: 16 << 20,
  });
  return stdout;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'enigma-packages-'));
  tarballs = join(folder, 'tarballs');
  installed = await mkdtemp(join(folder, 'empty-'));
  await mkdir(tarballs);
  const listing = await run(root, 'npm', 'pack', '--workspaces', '--json', '--pack-destination', tarballs);
  packed = JSON.parse(listing) as Packed[];
  const files = packed.map(({ filename }) => join(tarballs, filename));
  await run(installed, 'npm', 'init', '--yes');
  // Strict: what our packages bring along must run on every Node.js that we promise. (Hence our word on light-my-request,
  // which Fastify brings: its newer versions need Node.js 22.)
  const options = ['--engine-strict', '--prefer-offline', '--no-audit', '--no-fund'];
  await run(installed, 'npm', 'install', ...options, ...files);
}, 480_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test('every package carries its licence, a word on itself, and nothing of its tests', async () => {
  const folders = await readdir(join(root, 'packages'));
  expect(packed.length).toBe(folders.length);
  for (const { name, files } of packed) {
    const paths = files.map(({ path }) => path);
    expect(paths, name).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    expect(paths.filter((path) => path.startsWith('test/') || path.endsWith('.tsbuildinfo'))).toEqual([]);
  }
});

describe('in an empty folder', () => {
  test.each(['nodenext', 'bundler'])(
    'strict TypeScript takes the types of every entry, and of all that they lead to: %s',
    async (moduleResolution) => {
      const module = moduleResolution === 'bundler' ? 'esnext' : moduleResolution;
      const program = entries.map((entry, i) => `export * as entry${i} from '${entry}';`).join('\n');
      await writeFile(join(installed, 'entries.mts'), program);
      const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node'];
      const strict = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false', '--noEmit'];
      const resolution = ['--target', 'es2022', '--module', module, '--moduleResolution', moduleResolution];
      const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
      const options = [...types, ...strict, ...resolution, 'entries.mts'];
      expect(await run(installed, process.execPath, compiler, ...options)).toBe('');
    },
    120_000,
  );

  const enigma = (...args: readonly string[]) => run(installed, 'npx', '--no-install', 'enigma', ...args);

  test('the command tells its version', async () => {
    expect((await enigma('--version')).trim()).toBe('0.1.0');
  });

  test('a new contract passes its tests', async () => {
    const begin = Date.now();
    await enigma('contract', 'new', 'demo');
    const report = await run(join(installed, 'demo'), 'npm', 'test');
    // Ten seconds on an idle machine; here it may share two cores with other tests.
    expect(Date.now() - begin).toBeLessThan(120_000);
    expect(report).toMatch(/pass 3\b/);
    expect(report).toMatch(/save\(bytes32,uint256\) +\d/);
  }, 180_000);

  test('a core starts, and the SDK in plain Node reaches it', async () => {
    const port = await freePort();
    const command = join(installed, 'node_modules', '.bin', 'enigma');
    const core = spawn(command, ['core', '--data-dir', join(folder, 'core'), '--port', String(port)], {
      env: environment,
      stdio: 'ignore',
    });
    const exit = once(core, 'exit');
    try {
      const program = `
        import { createClient } from '@enigma-worker/sdk';
        import { ipc } from '@enigma-worker/sdk/ipc';
        const client = createClient({ transport: ipc('tcp://127.0.0.1:${port}', { timeout: 20_000 }) });
        console.log(Buffer.from(await client.workerAddress()).toString('hex'));
        await client.close();
      `;
      await writeFile(join(installed, 'reach.mjs'), program);
      expect((await run(installed, process.execPath, 'reach.mjs')).trim()).toMatch(/^[0-9a-f]{40}$/);
    } finally {
      core.kill('SIGTERM');
    }
    expect(await exit).toEqual([0, null]);
  }, 120_000);
});
