import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { enigma, enigmaJson, folderForTest, MILLIONAIRES } from './support/enigma.js';

interface Inspected {
  readonly deployable: boolean;
  readonly content: { readonly imports: readonly string[] };
  readonly deployed: { readonly exeBytes: number; readonly deployGas: number };
}

describe('enigma contract inspect', () => {
  it('tells what a deployment would keep and cost', async () => {
    const [json, shown] = await Promise.all([
      enigmaJson<Inspected>(['contract', 'inspect', MILLIONAIRES]),
      enigma(['contract', 'inspect', MILLIONAIRES]),
    ]);
    expect(json).toMatchObject({ deployable: true, refusals: [] });
    expect(json.content.imports).toContain('env.ret (i32, i32) -> ()');
    expect(json.deployed.deployGas).toBe(json.deployed.exeBytes);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/can be deployed\n$/);
  });

  it('names every reason for a refusal', async () => {
    const folder = folderForTest();
    const tools = await wabt();
    const wat = `(module (import "env" "peek" (func)) (import "env" "memory" (memory 1)) (func (export "run")))`;
    writeFileSync(join(folder, 'bad.wasm'), tools.parseWat('bad', wat).toBinary({}).buffer);
    writeFileSync(join(folder, 'junk.wasm'), 'not a module');
    const [bad, junk, missing] = await Promise.all(
      ['bad.wasm', 'junk.wasm', 'none.wasm'].map((name) =>
        enigma(['contract', 'inspect', join(folder, name)]),
      ),
    );
    expect(bad!.code).toBe(1);
    const reasons = bad!.stdout.split('\n').filter((line) => line.startsWith('✗'));
    expect(reasons.length).toBeGreaterThanOrEqual(2);
    expect(reasons.join('\n')).toMatch(/peek[^]*call|call[^]*peek/);
    expect(junk!.code).toBe(1);
    expect(junk!.stdout).toMatch(/would be refused\n✗ .*WASM/);
    expect(missing).toMatchObject({ code: 1 });
    expect(missing!.stderr).toMatch(/none\.wasm: ENOENT/);
  });
});
