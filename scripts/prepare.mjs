// Brings a fresh clone to a runnable state: installs what the lock file names, builds what changed.
// Written in plain JavaScript with nothing but Node's own modules, because it runs before anything is installed.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const MINIMUM = [20, 19, 0];

/** Runs a command in the repository; ends this process with the command's exit code when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    ...options,
  });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function requireNode() {
  const version = process.versions.node.split('.').map(Number);
  const older = MINIMUM.findIndex((wanted, i) => version[i] !== wanted);
  if (older >= 0 && version[older] < MINIMUM[older]) {
    console.error(`Node.js ${MINIMUM.join('.')} or newer is needed; this is ${process.versions.node}.`);
    process.exit(1);
  }
}

function install() {
  const stamp = join(root, 'node_modules', '.installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.log('Installing dependencies (once) ...');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  writeFileSync(stamp, wanted);
}

/** Compiles and bundles every package, and builds the contracts of examples/; each only where sources changed. */
export function build() {
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'tsconfig.json']);
  // A process of its own: what it imports may have been installed by this one.
  run(process.execPath, [join(root, 'scripts', 'bundle.mjs')]);
  run(process.execPath, [join(root, 'examples', 'build.mjs')]);
  completePackages();
}

/** What packages carry that the compiler does not make. */
function completePackages() {
  const packages = join(root, 'packages');
  for (const name of readdirSync(packages)) {
    if (existsSync(join(packages, name, 'package.json'))) {
      copyFileSync(join(root, 'LICENSE'), join(packages, name, 'LICENSE'));
    }
  }
  // The contract of `enigma demo` travels inside the command's package.
  const contracts = join(packages, 'cli', 'contracts');
  mkdirSync(contracts, { recursive: true });
  copyFileSync(
    join(root, 'examples/millionaires/build/millionaires.wasm'),
    join(contracts, 'millionaires.wasm'),
  );
}

/** Everything that a fresh clone lacks. */
export function prepare() {
  requireNode();
  install();
  build();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) prepare();
