import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { stateInspector } from '#enclave/state/inspector.js';
import { openStore } from '#store/open.js';
import { verifyStore } from '#store/tools/verify.js';
import { build, readAll, runTask } from '../state/contract.js';
import { addressOf, bytes, IN_MEMORY, temporaryFolder } from './support.js';

const ROUNDS = Number(process.env['ENIGMA_CRASH_ROUNDS'] ?? 6);
const KEY = bytes(32, 5);
const CONTRACTS = 8;

// Runs tasks on some contracts and copies the deltas of each to a second one, in one line each for what was acknowledged.
const LOAD = `
  const { openStore } = await import(process.argv[2] + 'store/open.js');
  const { StateAccess } = await import(process.argv[2] + 'enclave/state/state-access.js');
  const { sealerOf } = await import(process.argv[2] + 'enclave/sealing/sealer.js');
  const memory = { cipher: sealerOf('key-file', new Uint8Array(32).fill(7)), bytes: 2 ** 25, shortestToPack: 2 ** 18 };
  const store = await openStore(process.argv[1], process.argv[3] === 'memory' ? { memory } : {});
  const access = new StateAccess(store);
  const key = Uint8Array.from({ length: 32 }, (_, i) => (i * 31 + 35) & 0xff);
  const addressOf = (n) => { const address = new Uint8Array(32).fill(0xa0); new DataView(address.buffer).setUint32(0, n); return address; };
  async function one(n) {
    const address = addressOf(n);
    for (let value = 0; ; value++) {
      const record = store.contract(address);
      const state = access.open(address, key, record);
      const kind = record === undefined ? 'deploy' : 'compute';
      const task = state.prepareCommit(kind, new Map([['n', String(Number(state.read('n') ?? -1) + 1)], ['k' + (value % 9), '"' + 'x'.repeat(value % 3000) + '"']]));
      await store.commitTask({ address, delta: task.delta, state: task.state, ...(record === undefined && { bytecode: new Uint8Array(100) }) });
      process.stdout.write('task ' + n + ' ' + task.index + '\\n');
      if (value % 3 === 0) {
        await store.updateDeltas([{ address: addressOf(100 + n), key: task.index, data: task.delta }]);
        process.stdout.write('copy ' + n + ' ' + task.index + '\\n');
      }
      if (value % 17 === 16) await store.removeDeltas([{ address: addressOf(100 + n), from: task.index, to: task.index + 1 }]);
      if (value % 17 === 16) process.stdout.write('remove ' + n + ' ' + task.index + '\\n');
    }
  }
  process.stdout.write('ready\\n');
  await Promise.all(Array.from({ length: ${CONTRACTS} }, (_, n) => one(n)));
`;

it.each(['disk', 'memory'])(
  'whatever was acknowledged is there after a sudden end, and nothing half: %s',
  async (kind) => {
    const options = kind === 'memory' ? IN_MEMORY : {};
    const folder = await temporaryFolder();
    const modules = new URL('../../dist/', import.meta.url).href;
    const tips = new Map<string, number>();
    const copies = new Map<string, boolean>();
    for (let round = 0; round < ROUNDS; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', LOAD, folder, modules, kind], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const lines = createInterface(child.stdout);
      lines.on('line', (line) => {
        const [what, n, index] = line.split(' ');
        if (what === 'task') tips.set(n!, Number(index));
        if (what === 'copy' || what === 'remove') copies.set(`${n} ${index}`, what === 'copy');
      });
      await once(lines, 'line');
      setTimeout(() => child.kill('SIGKILL'), 50 + Math.random() * 400);
      await once(child, 'close');

      const store = await openStore(folder, options);
      for (const [n, tip] of tips) {
        const record = store.contract(addressOf(Number(n)))!;
        // One task more than was acknowledged may have been stored.
        expect([tip, tip + 1]).toContain(record.tip);
        expect(record).toMatchObject({ deltaCount: record.tip! + 1, state: { index: record.tip } });
        expect(readAll(store, addressOf(Number(n)), KEY, ['n'])).toEqual(
          new Map([['n', String(record.tip)]]),
        );
      }
      for (const [copy, isStored] of copies) {
        const [n, index] = copy.split(' ').map(Number);
        const delta = store.delta(addressOf(100 + n!), index!);
        // A removal under way when the end came may have been done, and is then for good.
        const mayBeGone = index! >= tips.get(String(n))! - 1 && delta === undefined;
        if (mayBeGone) copies.set(copy, false);
        else if (isStored) expect(delta).toEqual(store.delta(addressOf(n!), index!));
      }
      await store.close();
      if (kind === 'memory') continue;
      const { problems } = await verifyStore(folder, { inspector: stateInspector(() => KEY) });
      expect(problems).toEqual([]);
    }
    expect(tips.size).toBe(CONTRACTS);
    const store = await openStore(folder, options);
    const [n] = [...tips.keys()];
    await runTask(store, addressOf(Number(n)), KEY, new Map([['n', '"goes on"']]));
    expect(await build(store, addressOf(Number(n)), KEY)).toBe('done');
    await store.close();
  },
  120_000,
);
