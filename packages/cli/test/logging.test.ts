import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openLog } from '#logging.js';
import { folderForTest } from './support/enigma.js';

const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** A log in a file that can be changed for another, and what is told on standard error. */
function place(first: string) {
  const folder = folderForTest();
  const link = join(folder, 'link');
  const lead = (to: string): void => {
    rmSync(link, { force: true });
    symlinkSync(to, link);
  };
  lead(join(folder, first));
  const told = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  onTestFinished(() => told.mockRestore());
  return { link, lead, told, at: (name: string) => join(folder, name) };
}

describe('the log of a server', () => {
  it.skipIf(!existsSync('/dev/full'))(
    'keeps some of what cannot be written, and says how much it did not',
    async () => {
      const { link, lead, told, at } = place('unused');
      lead('/dev/full');
      const { logger, reopen } = await openLog('core', 'info', link);
      const [kilobyte, lines] = ['x'.repeat(1024), 16 * 1024];
      for (let line = 0; line < lines; line++) logger.info({ line }, kilobyte);
      await expect.poll(() => told.mock.calls.length, { timeout: 60_000 }).toBe(1);
      expect(told.mock.calls[0]![0]).toMatch(/^the log cannot be written: ENOSPC/);

      lead(at('log'));
      reopen();
      await expect.poll(() => textOf(at('log')), { timeout: 60_000 }).toMatch(/"lost":\d+,.*\n$/);
      const written = textOf(at('log')).trimEnd().split('\n');
      const { lost } = JSON.parse(written.at(-1)!) as { lost: number };
      expect(written.length - 1 + lost).toBe(lines);
      expect(lost).toBeGreaterThan(lines / 4);
      expect(statSync(at('log')).size).toBeLessThan(9 * 1024 * 1024);
    },
  );

  it('goes on in the old file where the new one cannot be opened, and says so each time', async () => {
    const { link, lead, told, at } = place('first');
    const { logger, reopen } = await openLog('core', 'info', link);
    logger.info({}, 'at first');
    await expect.poll(() => textOf(at('first')), { timeout: 60_000 }).toContain('at first');
    mkdirSync(at('folder'));
    lead(at('folder'));
    reopen();
    reopen();
    expect(told.mock.calls.flat()).toEqual([
      expect.stringMatching(/^the log cannot be reopened: .*EISDIR/),
      expect.stringMatching(/^the log cannot be reopened: .*EISDIR/),
    ]);
    logger.info({}, 'after all');
    await expect.poll(() => textOf(at('first')), { timeout: 60_000 }).toContain('after all');
  });
});
