import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

const module = pathToFileURL(createRequire(import.meta.url).resolve('#young-generation.js')).href;

/** In a process of its own, whose heap has not grown: MiB of the young generation after much has outlived collections. */
function grown(before: string): number {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { Worker } from 'node:worker_threads';
    import { once } from 'node:events';
    import { setTimeout as wait } from 'node:timers/promises';
    import { boundYoungGeneration } from ${JSON.stringify(module)};
    const young = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
    async function churn() {
      for (let turn = 0; turn < 50; turn++) {
        let kept = [];
        for (let i = 0; i < 60_000; i++) kept.push({ i });
        await new Promise(setImmediate);
      }
    }
    ${before}
    await churn();
    console.log(young() / 1024 / 1024);
    process.exit(0);
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return Number(stdout);
}

describe('boundYoungGeneration', () => {
  it('keeps the young generation from growing', () => {
    expect(grown('')).toBeGreaterThan(8);
    expect(grown('boundYoungGeneration(0);')).toBeLessThanOrEqual(4);
  });

  it('holds again soon after a thread was started, which takes it back', () => {
    const thread = `await once(new Worker('', { eval: true }), 'exit');`;
    const neverAgain = 'globalThis.setInterval = () => ({ unref() {} });';
    expect(grown(`${neverAgain} boundYoungGeneration(0); ${thread}`)).toBeGreaterThan(4);
    expect(grown(`boundYoungGeneration(0); ${thread} await wait(1500);`)).toBeLessThanOrEqual(4);
  });

  it('ends when it is closed', () => {
    const closed = 'const bound = boundYoungGeneration(0); await bound.close(); await bound.close();';
    expect(grown(closed)).toBeGreaterThan(8);
  });
});
