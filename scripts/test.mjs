// `npm test`: installs and builds what is missing, then format, lint, types and every test.
import { readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const bin = (name, ...path) => [join(root, 'node_modules', name, ...path)];
const node = (...args) => run(process.execPath, args);
const step = (title) => console.log(`\n── ${title}`);

step('install and build');
prepare();
step('format');
node(...bin('prettier', 'bin', 'prettier.cjs'), '--check', '--cache', '--log-level', 'warn', '.');
step('lint, import directions and cycles, citations');
node(...bin('oxlint', 'bin', 'oxlint'));
node(join(root, 'scripts', 'check-imports.mjs'));
node(join(root, 'scripts', 'check-citations.mjs'));
step('types of tests');
node(...bin('typescript', 'bin', 'tsc'), '-b', 'tsconfig.tests.json');
step('tests');
const report = join(tmpdir(), `enigma-worker-tests-${process.pid}.json`);
const vitest = spawnSync(
  process.execPath,
  [
    ...bin('vitest', 'vitest.mjs'),
    'run',
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
);
try {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
} finally {
  rmSync(report, { force: true });
}
process.exit(vitest.status ?? 1);
