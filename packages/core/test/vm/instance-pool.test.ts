import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { Engine } from '#vm/engine.js';
import { wasm, type WasmMemory } from '#vm/webassembly.js';
import { codeOf, compute, success } from './support/contract.js';
import { wat } from './support/wat.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const { Memory } = wasm;
const api = wasm as { Memory: typeof Memory };
afterEach(() => {
  api.Memory = Memory;
});

/** Keeps an eye on every memory that is made from now on; gives how many there are still. */
function watchMemories(): () => Promise<number> {
  const made: WeakRef<WasmMemory>[] = [];
  api.Memory = function make(size: ConstructorParameters<typeof Memory>[0]) {
    const memory = new Memory(size);
    made.push(new WeakRef(memory));
    return memory;
  } as unknown as typeof Memory;
  return async () => {
    // What a weak reference was made of or gave stays until the end of the turn.
    await nextTurn();
    collectGarbage();
    return made.filter((memory) => memory.deref() !== undefined).length;
  };
}

/** Exe code of a contract with a memory of another size, as a constructor may give back. */
const contracts = Array.from({ length: 12 }, (_, index) =>
  codeOf(
    wat(`(module (import "env" "memory" (memory ${60 + index} 128))
      (func (export "call") (i32.store (i32.const 8) (i32.const ${index}))))`),
  ),
);

describe('the pool of instances', () => {
  it('keeps as many memories as it may, of whatever size, though it keeps all code', async () => {
    const alive = watchMemories();
    using engine = new Engine({ memories: 2 });
    for (let round = 0; round < 2; round += 1) {
      for (const contract of contracts) success(compute(engine, contract));
      expect(await alive()).toBeLessThanOrEqual(2);
    }
  });

  it('keeps an instance for the next call of the same contract, also between others', () => {
    let hits = 0;
    const nothing = { hit: () => undefined, miss: () => undefined };
    const instances = { ...nothing, hit: () => void (hits += 1) };
    using engine = new Engine({ memories: 2, cacheUse: { modules: nothing, instances } });
    const [one, other] = contracts;
    for (let round = 0; round < 3; round += 1)
      for (const contract of [one!, other!]) compute(engine, contract);
    expect(hits).toBe(2 * 2);
  });
});
