import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { expect, it, onTestFinished } from 'vitest';
import { fixture, Lab } from './support/lab.js';

/** For what must come. */
const SOON = { timeout: 20_000 };
const own = getPriority();
/** Else lower priorities cannot be told apart: there is none below 19. */
const canBeSeen = process.platform === 'linux' && own < 10;

/** How many threads of this process are so many steps lower than it. */
async function threadsLowerBy(steps: number): Promise<number> {
  const threads = await readdir('/proc/self/task');
  const stats = await Promise.all(
    threads.map((thread) => readFile(`/proc/self/task/${thread}/stat`, 'utf8').catch(() => '')),
  );
  // Behind the name in parentheses, it is the 17th field.
  const nice = stats.map((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]));
  return nice.filter((each) => each === own + steps).length;
}

/** Whether a process here may take a lower priority back. */
function mayTakeBack(): boolean {
  const script = `const { setPriority } = require('node:os'); setPriority(${own + 1}); setPriority(${own});`;
  return spawnSync(process.execPath, ['-e', script]).status === 0;
}

it.runIf(canBeSeen)('lets reads go before tasks, and before long ones all the more', async () => {
  const lab = await Lab.open();
  onTestFinished(() => lab.close());
  await expect.poll(() => threadsLowerBy(5), SOON).toBe(2);
  const address = await lab.deployed(await fixture('notes'));
  const long = lab.run(address, 'loop()', '', 2n ** 30n);
  await expect.poll(() => threadsLowerBy(10), SOON).toBeGreaterThanOrEqual(1);
  expect(await long).toContain('gas limit');
  // Who may not take a lower priority back keeps it.
  if (mayTakeBack()) expect([await threadsLowerBy(5), await threadsLowerBy(10)]).toEqual([2, 0]);
  else expect(await threadsLowerBy(10)).toBeGreaterThanOrEqual(1);
});
