import { defineConfig } from 'vitest/config';

// Tests run against the built packages: what ships is what is tested.
export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'e2e/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
    // What commands print is compared as plain text, also where CI would be given colours.
    env: { NO_COLOR: '1' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
});
