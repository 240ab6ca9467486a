import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enigma } from './support/enigma.js';
import { startNetwork } from './support/world.js';

const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'enigma-contract-'));
  // What `npm install` would bring.
  await symlink(MODULES, join(folder, 'node_modules'), 'junction');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const contract = (cwd: string, ...args: readonly string[]) => enigma(['contract', ...args], { cwd });

/** Changes a text in a file, and fails when it is not there. */
async function edit(path: string, from: string, to: string): Promise<void> {
  const before = await readFile(path, 'utf8');
  expect(before).toContain(from);
  await writeFile(path, before.replace(from, to));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('contract new', () => {
  test.each(['Demo', 'a--b', '1st'])('%s is no name', async (name) => {
    const { code, stderr } = await contract(folder, 'new', name);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^name: expected lower-case words joined by hyphens, such as piggy-bank/);
  });

  test.each(['bytes32', 'state-map'])('%s is a name that contracts use', async (name) => {
    const { code, stderr } = await contract(folder, 'new', name);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^name: (Bytes32|StateMap) is a type that contracts use: choose another\n$/);
    expect(await readdir(folder)).not.toContain(name);
  });

  test('the way there is told as a shell takes it', async () => {
    const { stdout } = await contract(folder, 'new', "it's a way/bank");
    expect(stdout).toContain(String.raw`cd 'it'\''s a way/bank'`);
    expect(await readdir(join(folder, "it's a way", 'bank'))).toContain('package.json');
  });

  test('what has to be installed first is told where nothing of it is', async () => {
    const bare = await mkdtemp(join(tmpdir(), 'enigma-bare-'));
    try {
      expect((await contract(bare, 'new', 'bank')).stdout).toMatch(
        /cd bank\n {2}npm install\n {2}npm test\n$/,
      );
    } finally {
      await rm(bare, { recursive: true, force: true });
    }
    expect((await contract(folder, 'new', 'near/bank')).stdout).toMatch(/cd near\/bank\n {2}npm test\n$/);
  });

  test('a folder with something in it is left alone', async () => {
    await mkdir(join(folder, 'taken'));
    await writeFile(join(folder, 'taken', 'notes.txt'), 'mine');
    const { code, stderr } = await contract(folder, 'new', 'taken');
    expect(code).toBe(1);
    expect(stderr).toMatch(/taken is not empty\n$/);
    expect(await readdir(join(folder, 'taken'))).toEqual(['notes.txt']);
  });

  test('names of several words become a class, a variable and files', async () => {
    expect((await contract(folder, 'new', 'my-2nd-bank')).code).toBe(0);
    const made = join(folder, 'my-2nd-bank');
    expect((await readdir(made)).sort()).toEqual([
      '.gitignore',
      'README.md',
      'assembly',
      'package.json',
      'test',
    ]);
    expect(await readFile(join(made, 'assembly', 'contract.ts'), 'utf8')).toContain('class My2ndBank ');
    const { name } = JSON.parse(await readFile(join(made, 'package.json'), 'utf8')) as { name: string };
    expect(name).toBe('my-2nd-bank');
    // The names in the test are those of the files that the compiler writes.
    expect((await contract(made, 'build')).code).toBe(0);
    const imported = /from '(.*\.abi)\.js'/.exec(
      await readFile(join(made, 'test', 'contract.test.ts'), 'utf8'),
    )!;
    expect(await readdir(join(made, 'build'))).toContain(`${imported[1]!.slice('../build/'.length)}.ts`);
  }, 120_000);
});

describe('a new contract', () => {
  let project: string;

  beforeAll(async () => {
    expect((await contract(folder, 'new', 'demo')).code).toBe(0);
    project = join(folder, 'demo');
  });

  /** Instead of those on a worker. */
  async function oneQuickTest(name: string): Promise<string> {
    const file = join(project, 'test', 'contract.test.ts');
    await writeFile(file, `import { test } from 'node:test';\ntest('${name}', () => undefined);\n`);
    return file;
  }

  test('passes its tests on a real worker, with a table of gas', async () => {
    const { code, stdout } = await contract(project, 'test');
    expect(stdout).toMatch(/^built Demo: \d+ bytes$/m);
    expect(stdout).toMatch(/pass 3\b/);
    for (const name of ['construct(uint256)', 'isReached()', 'save(bytes32,uint256)', 'savedBy(bytes32)']) {
      const row = stdout.split('\n').find((line) => line.trimStart().startsWith(name));
      // Calls, least, mean and most.
      expect(row, name).toMatch(/( +[\d,]+){4}$/);
    }
    expect(code).toBe(0);
  }, 120_000);

  test('is deployed with a state key of the principal node, and called', async () => {
    const network = await startNetwork(join(folder, 'network'));
    try {
      const run = (...args: readonly string[]) =>
        enigma([...args, '--endpoint', network.endpoint], { cwd: project });
      const deployed = await run(
        'deploy',
        'build/demo.wasm',
        '--fn',
        'construct(uint256)',
        '--args',
        '100',
        '--principal',
        network.principalUrl,
      );
      expect(deployed.stderr).toBe('');
      const address = /deployed ([0-9a-f]{64})/.exec(deployed.stdout)![1]!;
      const saver = `0x${'a1'.repeat(32)}`;
      expect(await run('call', address, 'save(bytes32,uint256)', saver, '60')).toMatchObject({ code: 0 });
      const saved = await run('call', address, 'savedBy(bytes32)', saver, '--returns', 'uint256');
      expect(saved.stdout).toMatch(/^60\n/);
    } finally {
      await network.close();
    }
  });

  test('a test that fails fails the command', async () => {
    await oneQuickTest('right');
    const file = join(project, 'test', 'wrong.test.ts');
    await writeFile(
      file,
      `import { test } from 'node:test';\ntest('wrong', () => { throw new Error(); });\n`,
    );
    const { code, stdout } = await contract(project, 'test');
    await rm(file);
    expect(stdout).toMatch(/pass 1\b[\s\S]*fail 1\b/);
    expect(code).toBe(1);
  }, 120_000);

  test('what does not compile is told with its place, and nothing is run', async () => {
    const source = join(project, 'assembly', 'contract.ts');
    await edit(source, 'this.total + amount', 'this.totl + amount');
    const line = (await readFile(source, 'utf8')).split('\n').findIndex((each) => each.includes('totl')) + 1;
    const { code, stdout, stderr } = await contract(project, 'test');
    expect(code).toBe(1);
    expect(stderr).toContain(`contract.ts:${line}:`);
    expect(stderr).toContain("Property 'totl' does not exist");
    expect(stdout).toBe('');
    await edit(source, 'this.totl + amount', 'this.total + amount');
  });

  test.each(['build', 'test', 'test --watch'])(
    '%s: a folder without a contract says how to begin one',
    async (command) => {
      const { code, stdout, stderr } = await contract(folder, ...command.split(' '));
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toContain('begin one with `enigma contract new NAME`');
    },
  );

  test('a run that is stopped leaves nothing behind, and its tests end with it', async () => {
    const file = join(project, 'test', 'contract.test.ts');
    await writeFile(
      file,
      `import { test } from 'node:test';
test('long', () => new Promise((resolve) => { console.log('pid ' + process.pid); setTimeout(resolve, 600_000); }));
`,
    );
    const temporary = await mkdtemp(join(folder, 'tmp-'));
    const child = spawn(process.execPath, [MAIN, 'contract', 'test'], {
      cwd: project,
      env: { ...process.env, TMPDIR: temporary },
    });
    const exit = once(child, 'exit');
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    while (!/pid \d+/.test(output)) await pause(20);
    const runner = Number(/pid (\d+)/.exec(output)![1]);
    child.kill('SIGTERM');
    expect(await exit).toEqual([130, null]);
    expect((await readdir(temporary)).filter((name) => name.startsWith('enigma-gas-'))).toEqual([]);
    await expect.poll(() => isRunning(runner), { timeout: 20_000 }).toBe(false);
  });

  test('--watch tests again on every change, through mistakes, until it is stopped', async () => {
    const tests = await oneQuickTest('first');
    const child = spawn(process.execPath, [MAIN, 'contract', 'test', '--watch'], { cwd: project });
    const exit = once(child, 'exit');
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
    /** Waits until a run printed this; one before it may have seen a file that was half written. */
    const printed = async (text: RegExp): Promise<void> => {
      const run = new RegExp(`${text.source}[\\s\\S]*waiting for changes`);
      while (!run.test(output)) await pause(50);
      output = '';
    };
    try {
      await printed(/first[\s\S]*pass 1\b/);
      await edit(tests, 'first', 'second');
      await printed(/second[\s\S]*pass 1\b/);
      const source = join(project, 'assembly', 'contract.ts');
      await edit(source, 'this.total + amount', 'this.totl + amount');
      await printed(/Property 'totl' does not exist/);
      await edit(source, 'this.totl + amount', 'this.total + amount');
      await printed(/second[\s\S]*pass 1\b/);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await exit).toEqual([0, null]);
  }, 180_000);

  test('--watch looks after the files that a contract is made of, wherever they are', async () => {
    await oneQuickTest('elsewhere');
    const source = await readFile(join(project, 'assembly', 'contract.ts'), 'utf8');
    const shared = join(project, 'shared', 'text.ts');
    await mkdir(dirname(shared));
    await writeFile(shared, "export const REASON = 'there is nothing to save';\n");
    const main = join(project, 'main.ts');
    await writeFile(
      main,
      `import { REASON } from './shared/text';\n${source.replace("'there is nothing to save'", 'REASON')}`,
    );
    const child = spawn(process.execPath, [MAIN, 'contract', 'test', '--watch', 'main.ts'], { cwd: project });
    const exit = once(child, 'exit');
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
    const printed = async (text: string): Promise<void> => {
      while (!new RegExp(`${text}[^]*waiting for changes`).test(output)) await pause(50);
      output = '';
    };
    try {
      await printed('pass 1');
      await edit(main, 'this.total + amount', 'this.totl + amount');
      await printed("Property 'totl' does not exist");
      await edit(main, 'this.totl + amount', 'this.total + amount');
      await printed('pass 1');
      await edit(shared, "'there", "there'");
      await printed('shared/text.ts:1:');
    } finally {
      child.kill('SIGTERM');
    }
    expect(await exit).toEqual([0, null]);
  }, 180_000);
});
