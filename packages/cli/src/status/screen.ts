import { bytes, count, duration, seconds } from '../output/amounts.js';
import { fields, style } from '../output/style.js';
import type { CommitFigures, Figures, MessageFigures } from './figures.js';

/** Figures of a core for a terminal. */
export function screen(url: string, figures: Figures): string {
  const { requests, queue, store, memory } = figures;
  const state = figures.ready ? style.good('ready') : style.bad(figures.reason ?? 'not ready');
  return [
    `${style.title('enigma core')}  ${url}  ${state}, up ${duration(figures.uptimeSeconds)}`,
    '',
    fields([
      [
        'requests',
        `${perSecond(requests.rate)}, ${perSecond(figures.errorRate)} errors, ${perSecond(figures.refusedRate)} refused, ${perSecond(figures.failedTaskRate)} failed tasks`,
      ],
      ['latency', latency(requests)],
      ['gas', perSecond(figures.gasRate)],
      ['tasks', `${count(queue.tasksPending)} pending, ${count(queue.tasksWaiting)} waiting`],
      [
        'jobs',
        `${count(queue.jobsRunning)} running, ${count(queue.jobsQueued)} queued, ${count(queue.executors)} executors`,
      ],
      ['other work', `${count(queue.writesPending)} writes, ${count(queue.readsPending)} bulk reads`],
      ['contracts', `${count(store.contracts)} with ${count(store.deltas)} deltas in ${bytes(store.bytes)}`],
      ['commits', commits(figures.commits)],
      ['caches', caches(figures.cacheHits)],
      ['memory', `${bytes(memory.residentBytes)} resident, ${bytes(memory.heapBytes)} heap`],
      ['processor', `${Math.round(figures.processor * 100)} %`],
    ]),
    ...table(figures.messages),
  ].join('\n');
}

const COLUMNS = ['rate', 'p50', 'p99', 'total'] as const;
const WIDTH = 12;

function table(messages: readonly MessageFigures[]): string[] {
  if (messages.length === 0) return [];
  const names = Math.max(...messages.map(({ type }) => type.length));
  const row = (cells: readonly string[]): string =>
    `  ${cells[0]!.padEnd(names)}${cells
      .slice(1)
      .map((cell) => cell.padStart(WIDTH))
      .join('')}`;
  return [
    '',
    style.note(row(['message', ...COLUMNS])),
    ...messages.map(({ type, rate, p50, p99, total }) =>
      row([type, perSecond(rate), time(p50), time(p99), count(total)]),
    ),
  ];
}

function latency({ p50, p99 }: Omit<MessageFigures, 'type'>): string {
  return p50 === undefined ? style.note('no request yet') : `p50 ${time(p50)}, p99 ${time(p99)}`;
}

function commits({ rate, operations, p50, p99, failures }: CommitFigures): string {
  const failed = failures > 0 ? `, ${style.bad(`${count(failures)} changes not stored`)}` : '';
  if (operations === undefined) return `${style.note('none yet')}${failed}`;
  return `${perSecond(rate)} of ${operations.toFixed(1)} changes each, p50 ${time(p50)}, p99 ${time(p99)}${failed}`;
}

function caches(hits: Figures['cacheHits']): string {
  const entries = Object.entries(hits).map(([name, part]) => `${name} ${Math.floor(part * 100)} %`);
  return entries.length === 0 ? style.note('not used yet') : `${entries.join(', ')} found`;
}

function time(value: number | undefined): string {
  return value === undefined ? '–' : seconds(value);
}

function perSecond(rate: number): string {
  return `${rate > 0 && rate < 10 ? rate.toFixed(1) : count(rate)}/s`;
}
