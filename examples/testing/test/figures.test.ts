import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';

it('the figures in docs/writing-contracts.md are those of today', () => {
  const script = fileURLToPath(new URL('../../measure.mjs', import.meta.url));
  expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
});
