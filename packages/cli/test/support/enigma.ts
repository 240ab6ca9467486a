import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';
import { flagOf } from '#config/settings.js';

// A test starts several processes one after the other, each of which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** The script of the `enigma` command. */
export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The compiled millionaires' problem. */
export const MILLIONAIRES = fileURLToPath(new URL('../../contracts/millionaires.wasm', import.meta.url));

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where a server was told to log, when that is not its standard output. */
  readonly logFile?: string;
  /** Whether no file can be written, as on a full disk. */
  readonly full?: boolean;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `{ dataDir: 'd' }` → `--data-dir d`. */
export function flags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [flagOf(name), value]);
}

/** Runs the `enigma` command to its end. */
export async function enigma(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = launch(args, options);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout!), text(child.stderr!), exitOf(child)]);
  return { code, stdout, stderr };
}

/** Runs a command that must succeed, and reads the JSON that it prints. */
export async function enigmaJson<T>(args: readonly string[], options: RunOptions = {}): Promise<T> {
  const { code, stdout, stderr } = await enigma([...args, '--json'], options);
  if (code !== 0) throw new Error(`enigma ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
  return JSON.parse(stdout) as T;
}

/** Makes a CURVE key pair in a file; its public key. */
export async function keygen(file: string): Promise<string> {
  const { stdout } = await enigma(['core', 'keygen', file]);
  return /public key: (\S{40})/.exec(stdout)![1]!;
}

/** A server run as a process of its own. */
export interface Server {
  /** The fields that it logged when it had started. */
  readonly started: Readonly<Record<string, unknown>>;
  /** Everything that it logged. */
  readonly log: () => string;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Sends SIGTERM and gives the exit code. */
  readonly stop: () => Promise<number | null>;
}

/** Starts a server; it is stopped at the end of the test or, outside of one, by the caller. */
export async function serve(args: readonly string[], options: RunOptions = {}): Promise<Server> {
  const child = launch(args, options);
  let log = '';
  const exited = exitOf(child);
  child.stdout!.on('data', (chunk: Buffer) => (log += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (log += chunk.toString()));
  let code: number | null | undefined;
  void exited.then((exit) => (code = exit));
  const read = (): string => (options.logFile === undefined ? log : readIfThere(options.logFile));
  const started = async (): Promise<Readonly<Record<string, unknown>>> => {
    for (;;) {
      const line = read()
        .split('\n')
        .find((each) => /"msg":"(worker|principal|gateway) started"\}$/.test(each));
      if (line !== undefined) return JSON.parse(line) as Readonly<Record<string, unknown>>;
      if (code !== undefined) throw new Error(`enigma ${args.join(' ')}: exit code ${code}\n${log}`);
      await pause(20);
    }
  };
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    return await exited;
  };
  return { started: await started(), log: read, signal: (signal) => child.kill(signal), stop };
}

/** The same inside a test. */
export async function serveForTest(args: readonly string[], options: RunOptions = {}): Promise<Server> {
  const server = await serve(args, options);
  onTestFinished(async () => void (await server.stop()));
  return server;
}

/** An empty folder; `remove` it at the end. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'enigma-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** An empty folder that goes when the test ends. */
export function folderForTest(): string {
  const { path, remove } = temporaryFolder();
  onTestFinished(remove);
  return path;
}

function launch(args: readonly string[], { cwd, env, full }: RunOptions): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ENIGMA_'));
  const command = [process.execPath, MAIN, ...args];
  const [file = '', ...rest] =
    full === true ? ['bash', '-c', `trap '' XFSZ; ulimit -f 0; exec "$@"`, 'bash', ...command] : command;
  return spawn(file, rest, {
    cwd: cwd ?? tmpdir(),
    env: { ...Object.fromEntries(inherited), NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
