// `npm run test:fuzz`, `test:soak` and `test:crash`: the long form of tests whose short form is part of `npm test`.
//   npm run test:fuzz -- --seconds 600
//   npm run test:fuzz -- --frames 1000000
//   npm run test:soak -- --requests 1000000 --peers 10000
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepare, root, run } from './prepare.mjs';

/** How long each goes on unless told otherwise, and what it counts. */
const TESTS = {
  fuzz: { seconds: '300', unit: 'frames' },
  soak: { seconds: '600', unit: 'requests', others: ['peers'] },
  crash: { seconds: '900' },
};
/** A run that was asked for a count may take so long; whatever hangs ends then. */
const COUNT_SECONDS = 4 * 3600;

function usage() {
  const lines = Object.entries(TESTS).map(([test, { unit, others = [] }]) => {
    const count = unit === undefined ? '' : ` | --${unit} N`;
    return `  ${test} [--seconds N${count}]${others.map((each) => ` [--${each} N]`).join('')}`;
  });
  console.error(`usage: long-test.mjs\n${lines.join('\n')}`);
  process.exit(2);
}

const [name, ...rest] = process.argv.slice(2);
const test = Object.hasOwn(TESTS, name ?? '') ? TESTS[name] : usage();
const known = ['seconds', ...(test.unit === undefined ? [] : [test.unit]), ...(test.others ?? [])];
let values;
try {
  ({ values } = parseArgs({
    args: rest,
    options: Object.fromEntries(known.map((each) => [each, { type: 'string' }])),
  }));
} catch {
  usage();
}
const count = test.unit === undefined ? undefined : values[test.unit];
if (Object.values(values).some((value) => !/^[1-9]\d*$/.test(value))) usage();
if (count !== undefined && values.seconds !== undefined) usage();
const seconds = values.seconds ?? test.seconds;

prepare();
run(
  process.execPath,
  [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    `e2e/${name}`,
    // One after the other: each measures what the core needs, and two at once would share the processors.
    '--no-file-parallelism',
    '--testTimeout',
    String((count === undefined ? Number(seconds) + 600 : COUNT_SECONDS) * 1000),
  ],
  {
    env: {
      ...process.env,
      ...(count === undefined ? { ENIGMA_TEST_SECONDS: seconds } : { ENIGMA_TEST_COUNT: count }),
      ...(values.peers !== undefined && { ENIGMA_TEST_PEERS: values.peers }),
    },
  },
);
