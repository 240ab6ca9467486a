import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Where CI asks for colours, Node itself would warn on the standard error of each command that they are not wanted here.
delete process.env['FORCE_COLOR'];

// Tests run against the built packages, bundled where they ship bundled: what ships is what is tested. Only a package's
// own tests take its modules one by one, as `#folder/file.js`.
export default defineConfig({
  test: {
    // After `tsc -b` alone the bundles would still be those of before.
    globalSetup: ['scripts/bundle.mjs'],
    include: ['packages/*/test/**/*.test.ts', 'e2e/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
    // What commands print is compared as plain text, also where CI would be given colours.
    env: { NO_COLOR: '1' },
    // These only tell what hangs, and leave room for a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Tests wait much for what they start. On two processors Vitest would by itself run one file at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
