import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TaskRegistry, type TaskResult } from '#tasks.js';

function result(taskId: string, status: TaskResult['status'] = 'SUCCESS'): TaskResult {
  return { taskId, status, output: 'c0de', usedGas: '7', signature: 'ab' };
}

/** A task that ends when it is told to. */
function openTask() {
  let resolve!: (result: TaskResult) => void;
  const promise = new Promise<TaskResult>((settled) => {
    resolve = settled;
  });
  return { promise, resolve };
}

/** Lets what is settled be noticed. */
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a task goes from under way to its end, and its result stays', async () => {
  const tasks = new TaskRegistry(2, 1000);
  const { promise, resolve } = openTask();
  expect(tasks.status('a')).toBeUndefined();
  expect(tasks.start('a', 1, () => promise)).toBe('started');
  expect(tasks.status('a')).toBe('INPROGRESS');
  expect(await tasks.result('a', 0)).toBeUndefined();
  resolve(result('a', 'FAILED'));
  await settle();
  expect(tasks.status('a')).toBe('FAILED');
  expect(await tasks.result('a', 0)).toEqual(result('a', 'FAILED'));
  expect(await tasks.result('a', 0)).toEqual(result('a', 'FAILED'));
});

test('an id that is taken is refused, and its task not run', () => {
  const tasks = new TaskRegistry(2, 1000);
  const run = vi.fn(() => openTask().promise);
  expect(tasks.start('a', 1, run)).toBe('started');
  expect(tasks.start('a', 1, run)).toBe('known');
  expect(run).toHaveBeenCalledTimes(1);
});

test('what failed may be tried again, also when there is no other room', async () => {
  const tasks = new TaskRegistry(2, 1000);
  tasks.start('a', 1, () => Promise.resolve(result('a', 'FAILED')));
  tasks.start('b', 1, () => Promise.reject(new Error('the worker is gone')));
  await settle();
  for (const id of ['a', 'b']) {
    const again = openTask();
    expect(tasks.start(id, 1, () => again.promise)).toBe('started');
    expect(tasks.status(id)).toBe('INPROGRESS');
    expect(await tasks.result(id, 0)).toBeUndefined();
    again.resolve(result(id));
    await settle();
    expect(await tasks.result(id, 0)).toEqual(result(id));
    expect(tasks.start(id, 1, () => openTask().promise)).toBe('known');
  }
});

test('who waits for a task is told of that one, whatever its id is used for after', async () => {
  const tasks = new TaskRegistry(2, 1000);
  const { promise, resolve } = openTask();
  tasks.start('a', 1, () => promise);
  const waiting = tasks.result('a', 60_000);
  resolve(result('a', 'FAILED'));
  await settle();
  tasks.start('a', 1, () => openTask().promise);
  expect(await waiting).toEqual(result('a', 'FAILED'));
});

test('when all places are under way, the next task is refused', async () => {
  const tasks = new TaskRegistry(2, 1000);
  const first = openTask();
  tasks.start('a', 1, () => first.promise);
  tasks.start('b', 1, () => openTask().promise);
  expect(tasks.start('c', 1, () => openTask().promise)).toBe('full');
  first.resolve(result('a'));
  await settle();
  expect(tasks.start('c', 1, () => openTask().promise)).toBe('started');
  expect(tasks.status('a')).toBeUndefined();
  expect(tasks.status('b')).toBe('INPROGRESS');
});

test('only as many finished tasks go as there must be room for, the oldest first', async () => {
  const tasks = new TaskRegistry(3, 1000);
  for (const id of ['a', 'b', 'c']) tasks.start(id, 1, () => Promise.resolve(result(id)));
  await settle();
  expect(tasks.start('d', 1, () => openTask().promise)).toBe('started');
  expect(['a', 'b', 'c', 'd'].map((id) => tasks.status(id))).toEqual([
    undefined,
    'SUCCESS',
    'SUCCESS',
    'INPROGRESS',
  ]);
});

test('results expire, tasks under way do not', async () => {
  const tasks = new TaskRegistry(10, 1000);
  tasks.start('done', 1, () => Promise.resolve(result('done')));
  tasks.start('open', 1, () => openTask().promise);
  await vi.advanceTimersByTimeAsync(999);
  expect(tasks.status('done')).toBe('SUCCESS');
  await vi.advanceTimersByTimeAsync(1);
  expect(tasks.status('done')).toBeUndefined();
  expect(await tasks.result('done', 0)).toBeUndefined();
  expect(tasks.status('open')).toBe('INPROGRESS');
});

test('a clock that is put forward takes no result away', async () => {
  const tasks = new TaskRegistry(2, 1000);
  tasks.start('a', 1, () => Promise.resolve(result('a')));
  await settle();
  vi.setSystemTime(Date.now() + 86_400_000);
  expect(tasks.start('b', 1, () => openTask().promise)).toBe('started');
  expect(tasks.status('a')).toBe('SUCCESS');
});

test('a wait ends with the task', async () => {
  const tasks = new TaskRegistry(2, 1000);
  const { promise, resolve } = openTask();
  tasks.start('a', 1, () => promise);
  const waiting = tasks.result('a', 60_000);
  resolve(result('a'));
  expect(await waiting).toEqual(result('a'));
  expect(vi.getTimerCount()).toBe(0);
});

test('a task that could not be run is FAILED, and its error goes to who asks', async () => {
  const tasks = new TaskRegistry(2, 1000);
  tasks.start('a', 1, () => Promise.reject(new Error('the worker is gone')));
  await settle();
  expect(tasks.status('a')).toBe('FAILED');
  await expect(tasks.result('a', 0)).rejects.toThrow('the worker is gone');
});

test('a wait ends with its time', async () => {
  vi.useRealTimers();
  const tasks = new TaskRegistry(2, 1000);
  tasks.start('a', 1, () => openTask().promise);
  const begin = performance.now();
  expect(await tasks.result('a', 20)).toBeUndefined();
  expect(performance.now() - begin).toBeGreaterThan(10);
});

test('the bytes of inputs and results are bounded, and who ended first makes room', async () => {
  const tasks = new TaskRegistry(10, 1000, 100);
  const [first, second] = [openTask(), openTask()];
  expect(tasks.start('a', 40, () => first.promise)).toBe('started');
  expect(tasks.start('b', 60, () => second.promise)).toBe('started');
  expect(tasks.start('c', 1, () => openTask().promise)).toBe('full');
  second.resolve({ ...result('b'), output: 'x'.repeat(50) });
  await settle();
  expect(tasks.start('c', 10, () => openTask().promise)).toBe('started');
  expect(tasks.status('b')).toBe('SUCCESS');
  first.resolve({ ...result('a'), output: 'x'.repeat(50) });
  await settle();
  expect(['a', 'b', 'c'].map((id) => tasks.status(id))).toEqual(['SUCCESS', undefined, 'INPROGRESS']);
  expect(await tasks.result('a', 0)).toHaveProperty('output.length', 50);
});

test('one task alone is taken, and its result kept, however large it is', async () => {
  const tasks = new TaskRegistry(10, 1000, 100);
  expect(tasks.start('a', 200, () => Promise.resolve({ ...result('a'), output: 'x'.repeat(200) }))).toBe(
    'started',
  );
  await settle();
  expect(tasks.status('a')).toBe('SUCCESS');
  expect(tasks.start('b', 1, () => openTask().promise)).toBe('started');
  expect(tasks.status('a')).toBeUndefined();
});
