import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseAbi } from 'viem';
import { expect, it } from 'vitest';
import { deploy } from '../../testing/contract.js';

const abi = parseAbi([
  'constructor(uint256 start)',
  'function add(uint256 by)',
  'function total() view returns (uint256)',
]);

const EMPTY = '#![no_std] #[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }';

/** A Rust compiler that makes WebAssembly: rustup's or Debian's, with a linker. */
function findCompiler(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'enigma-rust-'));
  const target = ['--target', 'wasm32-unknown-unknown', '--crate-type', 'cdylib', '-C', 'panic=abort'];
  try {
    return ['rustc', '/usr/bin/rustc'].find((compiler) => {
      const output = join(directory, 'empty.wasm');
      return spawnSync(compiler, [...target, '-o', output, '-'], { input: EMPTY }).status === 0;
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const compiler = findCompiler();
const title = compiler
  ? 'runs a contract in Rust'
  : 'runs a contract in Rust (left out: no rustc with wasm32-unknown-unknown here)';

it.skipIf(compiler === undefined)(
  title,
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'enigma-rust-'));
    try {
      const output = join(directory, 'counter.wasm');
      execFileSync(fileURLToPath(new URL('../build.sh', import.meta.url)), [output], {
        env: { ...process.env, RUSTC: compiler },
      });
      const counter = deploy(pathToFileURL(output), abi, [40n]);
      expect(counter.codeSize).toBeLessThan(12_000);
      counter.call('add', [2n]);
      expect(counter.call('total', [])).toBe(42n);
      expect(counter.state).toEqual(new Map([['count', '42']]));
      expect(() => counter.call('add', [2n ** 64n - 1n])).toThrow('the count is full');
      expect(() => counter.call('add', [2n ** 64n])).toThrow('the number is too large');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
  120_000,
);
