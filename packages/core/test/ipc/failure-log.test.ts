import { silentLogger } from '@enigma-worker/host';
import { expect, it } from 'vitest';
import { FailureLog } from '#ipc/failure-log.js';

it('tells of each code once a second, and how many were left out', () => {
  const lines: object[] = [];
  let now = 0;
  const log = new FailureLog({ ...silentLogger, error: (fields) => void lines.push(fields) }, () => now);
  for (let id = 0; id < 10; id++) log.tell('DISK_FULL', { id });
  log.tell('CORRUPT', { id: 10 });
  now = 1_000;
  log.tell('DISK_FULL', { id: 11 });
  now = 2_500;
  log.tell('DISK_FULL', { id: 12 });
  expect(lines).toEqual([
    { id: 0, code: 'DISK_FULL' },
    { id: 10, code: 'CORRUPT' },
    { id: 11, code: 'DISK_FULL', leftOut: 9 },
    { id: 12, code: 'DISK_FULL' },
  ]);
});
