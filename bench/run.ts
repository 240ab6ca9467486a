import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { figure, type Machine, performancePage, performancePlot } from './report.js';
import { type Row, type Suite, verdict } from './row.js';

/** Every suite by name, loaded only when it is asked for. */
const SUITES: Readonly<Record<string, () => Promise<readonly Suite[]>>> = {
  'vm-pool': async () => {
    const { instances, memory } = await import('./suites/vm-pool.js');
    return [instances, memory];
  },
  metering: async () => {
    const { building, metering } = await import('./suites/metering.js');
    return [metering, building];
  },
  threads: async () => [(await import('./suites/threads.js')).parallelContracts],
  store: async () => (await import('./suites/store.js')).storeSuites,
  storage: async () => (await import('./suites/storage.js')).storageSuites,
  ipc: async () => (await import('./suites/ipc.js')).suites,
  memory: async () => (await import('./suites/memory.js')).suites,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

if (values.list) {
  console.log(Object.keys(SUITES).join('\n'));
} else {
  await measure(positionals.length > 0 ? positionals : Object.keys(SUITES));
}

async function measure(chosen: readonly string[]): Promise<void> {
  const unknown = chosen.filter((name) => !Object.hasOwn(SUITES, name));
  if (unknown.length > 0) {
    console.error(`No such suite: ${unknown.join(', ')}. There are: ${Object.keys(SUITES).join(', ')}.`);
    process.exit(2);
  }
  const results = new Map<string, readonly Row[]>();
  if (!values.json) console.log(header());
  for (const name of chosen) {
    const rows: Row[] = [];
    for (const suite of await SUITES[name]!()) {
      for (const row of await suite()) {
        rows.push(row);
        if (!values.json) console.log(line(row));
      }
    }
    results.set(name, rows);
    // After each suite, so that a run that is cut short leaves what it measured.
    if (values.write) write(results);
  }
  if (values.json) {
    console.log(JSON.stringify({ machine: machine(), suites: Object.fromEntries(results) }, undefined, 2));
  }
}

function machine(): Machine {
  return {
    cores: availableParallelism(),
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
  };
}

function write(results: ReadonlyMap<string, readonly Row[]>): void {
  writeFileSync('docs/performance.md', performancePage(machine(), results));
  writeFileSync('docs/performance.svg', performancePlot(results));
}

function header(): string {
  return `${'figure'.padEnd(72)} ${'ours'.padStart(12)} ${'baseline'.padStart(12)} ${'unit'.padEnd(6)} ${'ratio'.padStart(8)}  target`;
}

function line(row: Row): string {
  return `${row.name.padEnd(72)} ${figure(row.ours).padStart(12)} ${figure(row.baseline).padStart(12)} ${row.unit.padEnd(6)} ${row.ratio.toPrecision(4).padStart(8)}  ${row.target} ${verdict(row).replace('missed', 'MISSED')}`;
}
