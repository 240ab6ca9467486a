import { readFileSync } from 'node:fs';
import { openSealer } from '@enigma-worker/core/tools';
import { utf8 } from '@enigma-worker/crypto';
import { startGateway } from '@enigma-worker/gateway';
import { startPrincipal } from '@enigma-worker/principal';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Figures } from './harness/metrics.js';
import { compute } from './harness/user.js';
import { World } from './harness/world.js';

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world[Symbol.asyncDispose]());

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

describe('metrics of a running worker', () => {
  it('count the use of each cache', async () => {
    const options = { dataDir: world.folder(), http: { port: 0 }, enclave: { threads: 1 } };
    const worker = await world.worker(options);
    const client = world.client(worker.endpoint);
    const address = await world.deployed(client);
    const uses = async (url = worker.httpUrl) => {
      const figures = await Figures.of(url);
      const of = (cache: string): [number, number] => [
        figures.value(`enigma_cache_hits_total{cache="${cache}"}`),
        figures.value(`enigma_cache_misses_total{cache="${cache}"}`),
      ];
      return { module: of('module'), instance: of('instance'), value: of('value'), tip: of('tip') };
    };
    const deployed = await uses();
    // A deployment builds its module, and the instance that runs its constructor.
    expect(deployed).toEqual({ module: [0, 0], instance: [0, 1], value: [0, 0], tip: [0, 0] });

    for (let call = 0; call < 5; call++) await compute(client, { address, fn: 'get()' });
    expect(await uses()).toMatchObject({ module: [4, 1], instance: [4, 2], tip: [0, 0] });
    // What the constructor wrote is known to the thread that ran it.
    const { value } = await uses();
    expect(value[1]).toBe(0);
    expect(value[0]).toBeGreaterThanOrEqual(5);

    await client.getTip({ input: address });
    expect((await uses()).tip).toEqual([1, 0]);
    await expect(client.getTip({ input: new Uint8Array(32) })).rejects.toMatchObject({ code: 'REFUSED' });
    expect((await uses()).tip).toEqual([1, 1]);
    // So is what a task writes.
    await compute(client, { address, fn: 'set(any)', args: utf8('7') });
    await compute(client, { address, fn: 'get()' });
    expect((await uses()).value[1]).toBe(0);

    // After a restart it is read from the store, and opened once.
    await worker.close();
    const again = await world.worker(options);
    const user = world.client(again.endpoint);
    for (let call = 0; call < 3; call++) await compute(user, { address, fn: 'get()' });
    const { value: anew } = await uses(again.httpUrl);
    expect(anew[1]).toBe(1);
    expect(anew[0]).toBeGreaterThanOrEqual(2);
  });

  it('time every commit and tell how many changes shared it', async () => {
    const worker = await world.worker({ http: { port: 0 } });
    const client = world.client(worker.endpoint);
    const addresses = await Promise.all(Array.from({ length: 8 }, () => world.deployed(client)));
    const before = await Figures.of(worker.httpUrl);
    await Promise.all(
      addresses.map((address) => compute(client, { address, fn: 'set(any)', args: utf8('1') })),
    );
    const after = await Figures.of(worker.httpUrl);
    const grown = (name: string): number => after.value(name) - before.value(name);
    const commits = grown('enigma_commit_seconds_count');
    expect(commits).toBeGreaterThanOrEqual(1);
    expect(commits).toBeLessThanOrEqual(8);
    expect(grown('enigma_commit_seconds_sum')).toBeGreaterThan(0);
    expect(grown('enigma_commit_operations_count')).toBe(commits);
    expect(grown('enigma_commit_operations_sum')).toBe(8);
    expect(grown('enigma_commit_operations_bucket{le="256"}')).toBe(commits);
    expect(after.value('enigma_commit_failures_total')).toBe(0);

    // What changes nothing flushes nothing.
    await compute(client, { address: addresses[0]!, fn: 'get()' });
    await client.getAllTips({});
    const idle = await Figures.of(worker.httpUrl);
    expect(idle.value('enigma_commit_seconds_count')).toBe(after.value('enigma_commit_seconds_count'));
  });
});

/** Names in an expression of PromQL that are no part of the language. */
function metricsIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, ' ');
  return Array.from(bare.matchAll(/(?<![\w.])[a-zA-Z_:][\w:]*(?!\w*\s*\()/g), ([name]) => name).filter(
    (name) => !['and', 'or', 'unless', 'bool'].includes(name),
  );
}

describe('what is said about metrics', () => {
  async function everyName(): Promise<Set<string>> {
    const worker = await world.worker({ http: { port: 0 } });
    const dataDir = world.folder();
    const sealer = await openSealer({ kind: 'simulation', dataDir });
    const principal = await startPrincipal({ dataDir, sealer, port: 0 });
    world.onClose(() => principal.close());
    const client = world.client(worker.endpoint);
    const gateway = await startGateway({ client, host: '127.0.0.1', port: 0, metrics: true });
    world.onClose(() => gateway.close());
    const all = await Promise.all([worker.httpUrl, principal.url, gateway.url].map((url) => Figures.of(url)));
    return new Set(all.flatMap((figures) => [...figures.names()]));
  }

  it('every alert is about metrics that exist', async () => {
    const rules = read('deploy/alerts.yml')
      .split(/^ +- alert: /m)
      .slice(1);
    expect(rules.length).toBeGreaterThanOrEqual(11);
    const known = await everyName();
    for (const rule of rules) {
      const expression = /^ +expr: (?:>\n)?(?<text>.*?)\n +(?:for|labels):/ms.exec(rule)?.groups?.['text'];
      const used = metricsIn(expression ?? '');
      expect(used.length, rule).toBeGreaterThan(0);
      // `up` is what Prometheus itself says of each target.
      expect(
        used.filter((name) => name !== 'up' && !known.has(name)),
        rule,
      ).toEqual([]);
    }
    expect(metricsIn('sum by (le) (rate(a_bucket{type=~"b|c"}[5m])) / d > 4e9 and e')).toEqual([
      'a_bucket',
      'd',
      'e',
    ]);
  });

  it('the guide for operators lists every metric of ours, and no other', async () => {
    const guide = read('docs/operations.md');
    const listed = new Set(Array.from(guide.matchAll(/`(enigma_\w+)/g), ([, name]) => name!));
    const served = Array.from(await everyName()).filter((name) => name.startsWith('enigma_'));
    const ours = new Set(served.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')));
    expect([...listed].sort()).toEqual([...ours].sort());
  });
});
