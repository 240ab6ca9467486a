// `npm run bench`: figures as ratios against a baseline measured in the same run.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

prepare();
run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'bench']);
run(process.execPath, [
  '--enable-source-maps',
  join(root, 'bench', 'dist', 'run.js'),
  ...process.argv.slice(2),
]);
