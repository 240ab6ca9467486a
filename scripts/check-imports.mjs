// Data flows one way and packages depend downward only: this is where it is enforced.
// Reads every import of every source file, checks it against the tables below, and looks for cycles between files.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { root } from './prepare.mjs';

/** Which of our packages each package may import. */
const PACKAGES = {
  crypto: [],
  host: [],
  protocol: ['crypto'],
  attestation: ['crypto', 'protocol'],
  contract: [],
  client: ['crypto', 'protocol'],
  core: ['crypto', 'host', 'protocol', 'attestation'],
  principal: ['crypto', 'host', 'protocol', 'attestation'],
  gateway: ['crypto', 'protocol', 'client', 'principal'],
  sdk: ['crypto', 'protocol', 'attestation', 'client'],
  local: ['crypto', 'client', 'core', 'principal', 'gateway', 'sdk'],
  cli: [
    'crypto',
    'protocol',
    'attestation',
    'client',
    'core',
    'principal',
    'sdk',
    'gateway',
    'local',
    'contract',
  ],
};

/** Which folders of core each folder of core may import; `.` is the files directly in src, such as the composition root. */
const CORE = {
  bytes: [],
  collections: [],
  vm: ['bytes', 'collections'],
  store: ['bytes', 'collections'],
  executors: ['bytes', 'collections'],
  enclave: ['bytes', 'collections', 'executors', 'vm', 'store'],
  handlers: ['enclave', 'store'],
  lists: ['store', 'handlers'],
  ipc: ['collections', 'handlers', 'lists'],
  ops: ['store', 'enclave', 'executors', 'ipc'],
  '.': ['ipc', 'lists', 'handlers', 'enclave', 'executors', 'vm', 'store', 'ops'],
};

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'/g;
const problems = [];
const graph = new Map();

function sourcesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function coreFolder(file, source) {
  const inside = relative(source, file);
  return inside.includes(sep) ? inside.split(sep)[0] : '.';
}

for (const [name, allowed] of Object.entries(PACKAGES)) {
  const source = join(root, 'packages', name, 'src');
  for (const file of sourcesOf(source)) {
    const targets = [];
    for (const [, from, bare, dynamic] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const specifier = from ?? bare ?? dynamic;
      const ours = /^@enigma-worker\/([^/]+)/.exec(specifier)?.[1];
      if (ours !== undefined && !allowed.includes(ours)) {
        problems.push(`${relative(root, file)}: package ${name} may not import @enigma-worker/${ours}`);
      }
      if (!specifier.startsWith('.')) continue;
      const target = resolve(dirname(file), specifier.replace(/\.js$/, '.ts'));
      if (!existsSync(target)) continue;
      if (relative(source, target).startsWith('..')) {
        problems.push(`${relative(root, file)}: reaches out of its package: ${specifier}`);
      }
      targets.push(target);
      if (name !== 'core') continue;
      const here = coreFolder(file, source);
      const there = coreFolder(target, source);
      if (here === there) continue;
      if (!CORE[here]?.includes(there)) {
        problems.push(`${relative(root, file)}: ${here} may not import ${there} (${specifier})`);
      }
    }
    graph.set(file, targets);
  }
}

const state = new Map();
function visit(file, path) {
  if (state.get(file) === 'done') return;
  if (state.get(file) === 'open') {
    const cycle = [...path.slice(path.indexOf(file)), file].map((each) => relative(root, each));
    problems.push(`import cycle: ${cycle.join(' -> ')}`);
    return;
  }
  state.set(file, 'open');
  for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
  state.set(file, 'done');
}
for (const file of graph.keys()) visit(file, []);

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`${graph.size} files: imports point downward, no cycles`);
