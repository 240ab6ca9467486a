// Compiles the contracts of the examples whose sources, or whose compiler, changed since they were compiled last.
//
//   node examples/build.mjs           compile what changed
//   node examples/build.mjs --check   compile nothing; fail when something would have to be
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const examples = fileURLToPath(new URL('.', import.meta.url));
const contractPackage = join(examples, '..', 'packages', 'contract');
const onlyCheck = process.argv.includes('--check');

/** All files below a directory, in one order everywhere. */
function filesBelow(directory) {
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

function fingerprintOf(example) {
  const hash = createHash('sha256');
  const compiler = JSON.parse(readFileSync(join(contractPackage, 'package.json'), 'utf8'));
  hash.update(compiler.dependencies.assemblyscript);
  const sources = [
    join(examples, example, 'assembly'),
    join(contractPackage, 'assembly'),
    join(contractPackage, 'src'),
  ];
  for (const path of sources.flatMap(filesBelow)) {
    hash
      .update(relative(examples, path).replaceAll('\\', '/'))
      .update('\0')
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex');
}

const stale = readdirSync(examples).filter((example) => {
  if (!existsSync(join(examples, example, 'assembly', 'contract.ts'))) return false;
  const record = join(examples, example, 'build', 'sources.sha256');
  return !existsSync(record) || readFileSync(record, 'utf8').trim() !== fingerprintOf(example);
});

if (onlyCheck) {
  if (stale.length > 0) {
    console.error(
      `not compiled from their present sources: ${stale.join(', ')}; run node examples/build.mjs`,
    );
    process.exitCode = 1;
  }
} else if (stale.length > 0) {
  const { compileContract, writeArtifacts } = await import('../packages/contract/dist/index.js');
  for (const example of stale) {
    const directory = join(examples, example, 'build');
    const contract = await compileContract(join(examples, example, 'assembly', 'contract.ts'));
    await writeArtifacts(contract, directory);
    writeFileSync(join(directory, 'sources.sha256'), `${fingerprintOf(example)}\n`);
    console.log(`compiled examples/${example}: ${contract.wasm.length} bytes`);
  }
}
