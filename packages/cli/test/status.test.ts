import { startWorker, type Worker } from '@enigma-worker/core';
import { connect } from '@enigma-worker/client';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { figuresOf, type Figures, type Observation } from '#status/figures.js';
import { parseMetrics } from '#status/metrics-text.js';
import { screen } from '#status/screen.js';
import { enigma, enigmaJson, MAIN, temporaryFolder } from './support/enigma.js';

const { path: folder, remove } = temporaryFolder();
let worker: Worker;
let where: string;

beforeAll(async () => {
  worker = await startWorker({
    dataDir: folder,
    port: 0,
    http: { port: 0 },
    enclave: { threads: 1 },
  });
  where = new URL(worker.httpUrl!).host;
  await using client = connect(worker.endpoint);
  for (let i = 0; i < 20; i++) await client.getAllAddrs({});
});

afterAll(async () => {
  await worker.close();
  remove();
});

/** Whether there is a `script` that takes a command as Linux's does, and a terminal that it can give it. */
const hasTerminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;

describe('enigma status', () => {
  it('tells a program and a person how a core is', async () => {
    const args = ['status', '--http', where, '--once', '--interval', '100'];
    const [figures, shown] = await Promise.all([enigmaJson<Figures>(args), enigma(args)]);
    expect(figures).toMatchObject({
      ready: true,
      requests: { total: 20, rate: 0 },
      queue: { executors: 1, tasksPending: 0 },
      store: { contracts: 0, deltas: 0 },
    });
    expect(figures.messages).toMatchObject([{ type: 'GetAllAddrs', total: 20 }]);
    expect(figures.requests.p50).toBeGreaterThan(0);
    expect(figures.memory.residentBytes).toBeGreaterThan(10_000_000);
    expect(shown.stdout).toMatch(/^enigma core {2}http:\/\/127\.0\.0\.1:\d+ {2}ready, up /);
    expect(shown.stdout).toMatch(/GetAllAddrs +0\/s/);
  });

  it('ends quietly when nobody reads on', async () => {
    const line = `'${process.execPath}' '${MAIN}' status --http ${where} --json --interval 50 | head -n 1`;
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', line]);
    expect(JSON.parse(stdout)).toMatchObject({ ready: true });
    expect(stderr).toBe('');
  });

  it.runIf(hasTerminal)(
    'leaves the terminal as it was at Ctrl-C, though the core has stopped answering',
    async () => {
      let asked: () => void;
      const isAsked = new Promise<void>((resolve) => (asked = resolve));
      const silent = createServer(() => asked()).listen(0, '127.0.0.1');
      onTestFinished(() => {
        silent.closeAllConnections();
        silent.close();
      });
      await once(silent, 'listening');
      const http = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
      // exec: a shell that stayed would be interrupted, too, and some then say so in place of their child's exit code.
      const command = `exec '${process.execPath}' '${MAIN}' status --http ${http}`;
      const terminal = spawn('script', ['-qec', command, '/dev/null'], { stdio: 'pipe' });
      const exit = once(terminal, 'close');
      let shown = '';
      terminal.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
      await isAsked;
      terminal.stdin.write('\u0003');
      expect(await exit).toEqual([0, null]);
      // What is switched: the other screen, the cursor, the wrapping of long lines.
      const switches = shown.split('\u001B').flatMap((each) => /^\[\?\d+[hl]/.exec(each) ?? []);
      expect(switches).toEqual(['[?1049h', '[?25l', '[?7l', '[?7h', '[?25h', '[?1049l']);
      expect(shown).not.toMatch(/does not answer/);
    },
  );

  it('says when nobody is there, or somebody else', async () => {
    const { code, stderr } = await enigma(['status', '--http', '127.0.0.1:2']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^http:\/\/127\.0\.0\.1:2\/metrics does not answer .*ECONNREFUSED.*\n$/);
  });
});

function observation(at: number, text: string): Observation {
  return { at, ready: true, samples: parseMetrics(text) };
}

/** 100 requests under 1 ms, `slow` more under 10 ms. */
function text(total: number, slow: number): string {
  return [
    '# HELP enigma_requests_total a count',
    `enigma_requests_total{type="GetTip",outcome="result"} ${total}`,
    'enigma_requests_total{type="ComputeTask",outcome="refused"} 3',
    `enigma_request_seconds_bucket{le="0.001",type="GetTip"} ${total - slow}`,
    `enigma_request_seconds_bucket{le="0.01",type="GetTip"} ${total}`,
    `enigma_request_seconds_bucket{le="+Inf",type="GetTip"} ${total}`,
    `enigma_commit_seconds_bucket{le="0.001"} ${total - slow}`,
    `enigma_commit_seconds_bucket{le="+Inf"} ${total}`,
    `enigma_commit_seconds_count ${total}`,
    `enigma_commit_operations_sum ${3 * total}`,
    `enigma_commit_operations_count ${total}`,
    `enigma_commit_failures_total ${slow}`,
    `enigma_cache_hits_total{cache="module"} ${total}`,
    `enigma_cache_misses_total{cache="module"} ${slow}`,
    'enigma_cache_hits_total{cache="tip"} 0',
    'enigma_cache_misses_total{cache="tip"} 0',
    'process_resident_memory_bytes 1.5e8',
  ].join('\n');
}

describe('figures', () => {
  it('are rates and latencies of the time between two observations', () => {
    const figures = figuresOf(observation(0, text(1000, 0)), observation(2000, text(1200, 20)));
    expect(figures.requests).toMatchObject({ total: 1203, rate: 100 });
    expect(figures.messages.map(({ type, rate }) => [type, rate])).toEqual([
      ['GetTip', 100],
      ['ComputeTask', 0],
    ]);
    // 180 of 200 within 1 ms, the rest evenly up to 10 ms.
    expect(figures.requests.p50).toBeCloseTo(0.001 * (100 / 180), 9);
    expect(figures.requests.p99).toBeCloseTo(0.001 + 0.009 * (18 / 20), 9);
    expect(figures.memory.residentBytes).toBe(1.5e8);
    expect(figures.commits).toMatchObject({ rate: 100, operations: 3, failures: 20 });
    expect(figures.commits.p50).toBeCloseTo(0.001 * (100 / 180), 9);
    // 200 hits and 20 misses; the other cache was never asked.
    expect(figures.cacheHits).toEqual({ module: 200 / 220 });
    const shown = screen('http://x', figures);
    expect(shown).toMatch(/requests +100\/s, 0\/s errors/);
    expect(shown).toMatch(/commits +100\/s of 3\.0 changes each, p50 .*, 20 changes not stored/);
    expect(shown).toMatch(/caches +module 90 % found/);
  });

  it('of an idle core are latencies of all its time, of a restarted one no negative rates', () => {
    const idle = figuresOf(observation(0, text(100, 0)), observation(1000, text(100, 0)));
    expect(idle.requests.p50).toBeCloseTo(0.0005, 9);
    expect(idle.commits).toMatchObject({ rate: 0, operations: 3 });
    expect(idle.cacheHits).toEqual({ module: 1 });
    const restarted = figuresOf(observation(0, text(1000, 0)), observation(1000, text(10, 0)));
    expect(restarted.requests.rate).toBe(0);
    expect(restarted.requests.p99).toBeLessThanOrEqual(0.001);
  });

  it('are read with escaped labels and special values, and nothing else', () => {
    expect(parseMetrics('a{b="x\\"},y",c="2"} 7\n# TYPE a gauge\n\nd +Inf\n???\ne 1.5 170000')).toEqual([
      { name: 'd', labels: {}, value: Infinity },
      { name: 'e', labels: {}, value: 1.5 },
    ]);
  });
});
