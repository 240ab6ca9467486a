// `npm run test:fuzz`, `test:soak` and `test:crash`: the long form of tests whose short form is part of `npm test`.
//   npm run test:fuzz -- --seconds 600
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepare, root, run } from './prepare.mjs';

const [name, ...rest] = process.argv.slice(2);
const SECONDS = { fuzz: '300', soak: '600', crash: '900' };
const { values } = parseArgs({
  args: rest,
  options: { seconds: { type: 'string', default: SECONDS[name] ?? '300' } },
});
if (!(name in SECONDS) || !/^\d+$/.test(values.seconds)) {
  console.error(`usage: long-test.mjs ${Object.keys(SECONDS).join('|')} [--seconds N]`);
  process.exit(2);
}

prepare();
run(
  process.execPath,
  [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    `e2e/${name}`,
    '--testTimeout',
    String((Number(values.seconds) + 120) * 1000),
  ],
  {
    env: { ...process.env, ENIGMA_TEST_SECONDS: values.seconds },
  },
);
