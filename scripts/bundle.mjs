// Puts the modules of a package into a few files, for Node: its loader takes longer over two hundred small modules than
// a worker takes to start. Made from what the compiler wrote into dist/, which stays beside it: for bundlers of browser
// code, which leave out module by module what a page does not use, and for the tests of single modules.
//   node scripts/bundle.mjs
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
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
const versions = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')).packages;

/**
 * The entries of each package that is bundled: file in dist/bundle -> module in dist. What several of them use, and what
 * is imported only when it is needed, becomes a file of its own beside them.
 */
const BUNDLES = {
  crypto: { index: 'index' },
  protocol: { index: 'index' },
  // The script of the executor threads lies where the enclave, in whatever file it ends up, looks for it.
  core: { index: 'index', tools: 'tools', 'task/thread': 'enclave/task/thread' },
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

async function bundle(folder, entries) {
  const { build } = await import('esbuild');
  const outdir = join(folder, 'dist', 'bundle');
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: Object.fromEntries(
      Object.entries(entries).map(([file, module]) => [file, `dist/${module}.js`]),
    ),
    outdir,
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
  // A process that starts meanwhile finds each file whole, and those that an entry names before the entry.
  const isEntry = ({ path }) => Object.keys(entries).some((file) => path === join(outdir, `${file}.js`));
  for (const file of outputFiles.toSorted((a, b) => isEntry(a) - isEntry(b))) {
    mkdirSync(dirname(file.path), { recursive: true });
    const written = `${file.path}.${process.pid}.tmp`;
    writeFileSync(written, file.contents);
    renameSync(written, file.path);
  }
  const current = new Set(outputFiles.map(({ path }) => path));
  for (const path of filesIn(outdir).map((each) => join(outdir, each))) {
    if (!current.has(path)) rmSync(path, { force: true });
  }
}

/** Bundles the packages whose modules changed since they were bundled. By this name it is what Vitest calls first. */
export async function setup() {
  for (const [name, entries] of Object.entries(BUNDLES)) {
    const folder = join(packages, name);
    const record = join(folder, 'dist', '.bundled');
    const now = fingerprint(folder);
    const isThere = Object.keys(entries).every((file) =>
      existsSync(join(folder, 'dist/bundle', `${file}.js`)),
    );
    if (isThere && existsSync(record) && readFileSync(record, 'utf8') === now) continue;
    await bundle(folder, entries);
    writeFileSync(record, now);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setup();
