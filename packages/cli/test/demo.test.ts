import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { folderForTest, MAIN } from './support/enigma.js';

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
