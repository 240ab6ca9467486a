import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { enigma, folderForTest, MAIN } from './support/enigma.js';

it('stops in good order at a Ctrl-C that comes from the terminal and, a moment later, from npm', async () => {
  const temporary = folderForTest();
  const demo = spawn(process.execPath, [MAIN, 'demo'], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(demo, 'close');
  let shown = '';
  for await (const chunk of demo.stdout as AsyncIterable<Buffer>) {
    shown += chunk.toString();
    if (!shown.includes('Ctrl-C ends it.') || demo.killed) continue;
    expect(readdirSync(temporary)).not.toEqual([]);
    demo.kill('SIGINT');
    await pause(20);
    demo.kill('SIGINT');
  }
  expect(await exit).toEqual([0, null]);
  expect(readdirSync(temporary)).toEqual([]);
});

it.each(['its terminal is closed', 'nobody reads its output'])(
  'leaves nothing behind when %s',
  async (what) => {
    const temporary = folderForTest();
    const demo = spawn(process.execPath, [MAIN, 'demo'], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(demo, 'exit');
    await once(demo.stdout, 'data');
    expect(readdirSync(temporary)).not.toEqual([]);
    if (what === 'nobody reads its output') demo.stdout.destroy();
    else {
      demo.stdout.resume();
      demo.kill('SIGHUP');
    }
    expect(await exit).toEqual([0, null]);
    expect(readdirSync(temporary)).toEqual([]);
  },
);

it('says that a data folder cannot be', async () => {
  const folder = folderForTest();
  writeFileSync(join(folder, 'file'), '');
  // In /proc the system gives no reason, and Node would try for ever.
  for (const dataDir of [join(folder, 'file'), ...(existsSync('/proc') ? ['/proc/none'] : [])]) {
    const { code, stderr } = await enigma(['demo', '--once', '--data-dir', dataDir]);
    expect(`${code} ${stderr}`).toMatch(new RegExp(`^1 data folder ${dataDir}: .+\n$`));
  }
}, 30_000);
