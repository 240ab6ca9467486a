// Puts the modules of a package into a few files, for Node: its loader takes longer over two hundred small modules than
// a worker takes to start. Made from what the compiler wrote into dist/, which stays beside it: for bundlers of browser
// code, which leave out module by module what a page does not use, and for the tests of single modules.
//   node scripts/bundle.mjs
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../packages', import.meta.url));
const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
const versions = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')).packages;

/**
 * The entries of each package that is bundled, each as file in dist/bundle -> module in dist. Those of one bundle share
 * what several of them use, so that every class is there once for a process; that, and what is imported only when it is
 * needed, becomes a file of its own.
 */
const BUNDLES = {
  crypto: [{ index: 'index' }],
  protocol: [{ index: 'index' }],
  // An executor thread shares no classes with its process, and gets up faster from a single file. That lies where the
  // enclave, in whatever file it ends up, looks for it.
  // The threads that commit and that read lists lie where who starts them looks for them.
  core: [
    { index: 'index', tools: 'tools' },
    { 'task/thread': 'enclave/task/thread' },
    { 'commits/thread': 'store/commits/thread' },
    { 'reading/thread': 'lists/reading/thread' },
  ],
};

/** Below the folder, with `/`; nothing of the folders named in `without`. */
function filesIn(folder, without = []) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !without.some((each) => path.startsWith(`${each}/`)));
}

/** Tells any change of what a bundle is made of, deletions too, without reading it. */
function fingerprint(folder) {
  const inputs = filesIn(join(folder, 'dist'), ['bundle'])
    .filter((path) => path.endsWith('.js'))
    .map((path) => `dist/${path}`)
    .toSorted((a, b) => (a < b ? -1 : 1));
  const stamps = ['package.json', ...inputs].map((path) => {
    const { mtimeMs, size } = statSync(join(folder, path));
    return [path, mtimeMs, size];
  });
  const script = readFileSync(fileURLToPath(import.meta.url), 'utf8');
  const esbuild = versions['node_modules/esbuild'].version;
  return createHash('sha256').update(JSON.stringify({ script, esbuild, stamps })).digest('hex');
}

/** The files that entries become, those that an entry names before the entry. */
async function bundle(folder, entries) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: Object.fromEntries(
      Object.entries(entries).map(([file, module]) => [file, `dist/${module}.js`]),
    ),
    outdir: outputOf(folder),
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // Other packages of ours stay outside too, so that their classes are the same for everybody.
    packages: 'external',
    // Names stay, since operators read stack traces; the maps lead on to src/, which is published.
    minify: false,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  });
  const isEntry = ({ path }) => entryFiles(folder, [entries]).includes(path);
  return outputFiles.toSorted((a, b) => isEntry(a) - isEntry(b));
}

/**
 * Puts files in the place of those that were there, each at once: processes that start meanwhile find it whole, and
 * two that bundle at the same time write the same.
 */
function replace(folder, files) {
  const staging = mkdtempSync(join(modules, '.bundle-'));
  try {
    files.forEach(({ path, contents }, index) => {
      const written = join(staging, String(index));
      writeFileSync(written, contents);
      mkdirSync(dirname(path), { recursive: true });
      renameSync(written, path);
    });
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  const current = new Set(files.map(({ path }) => path));
  for (const path of filesIn(folder).map((each) => join(folder, each))) {
    if (!current.has(path)) rmSync(path, { force: true });
  }
}

function outputOf(folder) {
  return join(folder, 'dist', 'bundle');
}

function entryFiles(folder, bundles) {
  return bundles
    .flatMap((entries) => Object.keys(entries))
    .map((file) => join(outputOf(folder), `${file}.js`));
}

/** Bundles the packages whose modules changed since they were bundled. By this name it is what Vitest calls first. */
export async function setup() {
  for (const [name, bundles] of Object.entries(BUNDLES)) {
    const folder = join(packages, name);
    const record = join(folder, 'dist', '.bundled');
    const now = fingerprint(folder);
    const isThere = [record, ...entryFiles(folder, bundles)].every((path) => existsSync(path));
    if (isThere && readFileSync(record, 'utf8') === now) continue;
    const files = await Promise.all(bundles.map((entries) => bundle(folder, entries)));
    replace(outputOf(folder), files.flat());
    writeFileSync(record, now);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setup();
