import { describe, expect, test } from 'vitest';
import { fromHex, toHex, utf8 } from '@enigma-worker/crypto';
import { buildContract } from '#vm/wasm/build.js';
import { wasm } from '#vm/webassembly.js';
import { binary, run } from './support.js';

/** Bytes written as hex words and quoted text, with comments. */
function bytes(listing: string): string {
  return listing
    .split('\n')
    .map((line) => line.replace(/\/\/.*/, ''))
    .join(' ')
    .replaceAll(/'([^']*)'/g, (_, text: string) => toHex(utf8(text)))
    .replaceAll(/\s+/g, '');
}

const header = '00 61 73 6d 01 00 00 00';
const memoryImport = "03 'env' 06 'memory' 02 01 78 80 01 // 120 to 128 pages";

describe('exe code', () => {
  test('of the smallest contract', () => {
    expect(toHex(buildContract(binary('(module (memory 17) (func (export "call")))')).exe)).toBe(
      bytes(`${header}
        01 04 01 60 00 00          // type () -> ()
        02 11 01 ${memoryImport}
        03 02 01 00                // one function
        07 08 01 04 'call' 00 00
        0a 04 01 02 00 0b`),
    );
  });

  test('keeps what call and the table reach, and numbers it anew', () => {
    const text = `(module
      (type $unused (func (param f32)))
      (type $two (func (param i32 i32)))
      (type $none (func))
      (import "env" "rand" (func $rand (type $two)))
      (import "env" "ret" (func $ret (type $two)))
      (memory 17)
      (table 3 funcref)
      (global $dropped i32 (i32.const 1))
      (global $kept (mut i64) (i64.const -2))
      (func $dead (call $rand (i32.const 0) (global.get $dropped)))
      (func $member (drop (global.get $kept)))
      (func (export "call") (call $ret (i32.const 300) (i32.const -1)))
      (func (export "other") (call $dead))
      (export "dropped" (global $dropped))
      (elem (i32.const 1) $member)
      (data (i32.const 1024) "hi"))`;
    expect(toHex(buildContract(binary(text)).exe)).toBe(
      bytes(`${header}
        01 09 02 60 02 7f 7f 00 60 00 00
        02 1b 02 03 'env' 03 'ret' 00 00 ${memoryImport}
        03 03 02 01 01
        04 04 01 70 00 03
        06 06 01 7e 01 42 7e 0b      // the second global is now the first
        07 08 01 04 'call' 00 02
        09 07 01 00 41 01 0b 01 01
        0a 11 02
          05 00 23 00 1a 0b          // member: global 0
          09 00 41 ac 02 41 7f 10 00 0b // call: ret is function 0
        0b 09 01 00 41 80 08 0b 02 'hi'`),
    );
  });

  test('is in shortest form, without custom sections, and drops what it need not say', () => {
    // The same module with padded integers, a name section, and a table of elements for nothing.
    const padded = bytes(`${header}
      00 08 04 'name' 00 01 02
      01 84 80 80 80 00 01 60 00 00
      03 82 00 01 00
      05 86 80 00 01 00 91 80 80 00
      07 89 80 00 01 04 'call' 00 80 00
      09 01 00
      0a 98 80 00 01
        93 80 80 00 01 80 80 00 7f
        41 80 00 1a                  // i32.const 0
        42 ff ff 7f 1a               // i64.const -1
        41 c0 00 1a 0b               // i32.const 64
      00 03 01 'x' 00`);
    expect(toHex(buildContract(fromHex(padded)).exe)).toBe(
      bytes(`${header}
        01 04 01 60 00 00
        02 11 01 ${memoryImport}
        03 02 01 00
        07 08 01 04 'call' 00 00
        0a 10 01 0e 01 00 7f 41 00 1a 42 7f 1a 41 c0 00 1a 0b`),
    );
  });

  test('has an empty global section when there were globals but none is left', () => {
    const text = '(module (memory 1) (global i32 (i32.const 0)) (func (export "call")))';
    expect(toHex(buildContract(binary(text)).exe)).toContain(
      bytes("03 02 01 00 06 01 00 07 08 01 04 'call'"),
    );
  });

  test('of a module that imports its memory', () => {
    const own =
      '(module (import "env" "ret" (func (param i32 i32))) (memory 17) (func (export "call") (call 0 (i32.const 0) (i32.const 0))))';
    const imported = own
      .replace('(memory 17)', '')
      .replace('(module', '(module (import "env" "memory" (memory 17 200))');
    expect(buildContract(binary(imported)).exe).toEqual(buildContract(binary(own)).exe);
  });

  test('keeps the types of blocks and of calls through the table', () => {
    const text = `(module (memory 1) (table 1 funcref)
      (type $a (func (param f64))) (type $b (func (param i64 i64) (result i64)))
      (type $c (func (param i32) (result i32 i32)))
      (func (export "call")
        (i32.const 1) (block (param i32) (result i32 i32) (i32.const 2)) (drop) (drop)
        (drop (call_indirect (type $b) (i64.const 1) (i64.const 2) (i32.const 0)))))`;
    const { exe } = buildContract(binary(text));
    expect(wasm.validate(exe)).toBe(true);
    // Of four types $a goes; () -> () of call comes last.
    expect(toHex(exe)).toContain(bytes('01 10 03 60 02 7e 7e 01 7e 60 01 7f 02 7f 7f 60 00 00'));
  });

  test('of exe code is that exe code', () => {
    const text = `(module (import "env" "ret" (func $ret (param i32 i32))) (memory 1) (table 2 funcref)
      (global $g (mut i32) (i32.const 9)) (elem (i32.const 0) $f $f) (data "passive") (data (i32.const 8) "active")
      (func $f (result i32) (global.get $g)) (func $dead)
      (func (export "call") (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 3)) (call $ret (i32.const 0) (call $f)))
      (func (export "deploy") (call $dead)))`;
    const { exe } = buildContract(binary(text));
    const again = buildContract(exe);
    expect(again.exe).toEqual(exe);
    expect(again.constructorModule).toEqual(exe);
  });
});

describe('the constructor', () => {
  test('calls deploy, then gives the exe code', () => {
    const text = `(module (memory 17) (data (i32.const 16) "abcde")
      (func (export "call")) (func (export "deploy") (drop (i32.const 7))))`;
    const { exe, constructorModule } = buildContract(binary(text));
    expect(exe.length).toBe(66);
    // The data ends at 21; the exe code goes to 16 + 5 + 4 - 5 mod 4 = 24.
    expect(toHex(constructorModule)).toBe(
      bytes(`${header}
        01 09 02 60 00 00 60 02 7f 7f 00
        02 1b 02 ${memoryImport}
          03 'env' 03 'ret' 00 01
        03 03 02 00 00
        07 08 01 04 'call' 00 02
        0a 13 02
          05 00 41 07 1a 0b
          0b 00 10 01 41 18 41 c2 00 10 00 0b
        0b 52 02 00 41 10 0b 05 'abcde'
          00 41 18 0b 42 ${toHex(exe)}`),
    );
    for (const variant of ['exact', 'fast'] as const) {
      const { calls, memory, gas } = run(constructorModule, variant);
      expect(calls).toEqual([['ret', 24, 66]]);
      expect(memory.subarray(24, 24 + 66)).toEqual(exe);
      expect(gas).toBe(BigInt(1 + 4 + (1 + 2)));
    }
  });

  test('leaves alone what stands before passive data', () => {
    const text = `(module (memory 17) (data (i32.const 8) "data") (data (i32.const 16) "abcde") (data "passive")
      (func (export "call") (memory.init 2 (i32.const 0) (i32.const 0) (i32.const 7))) (func (export "deploy")))`;
    const { exe, constructorModule } = buildContract(binary(text));
    for (const variant of ['exact', 'fast'] as const) {
      const { calls, memory } = run(constructorModule, variant);
      expect(calls).toEqual([['ret', 24, exe.length]]);
      expect(new TextDecoder().decode(memory.subarray(8, 21))).toBe('data\0\0\0\0abcde');
      expect(memory.subarray(24, 24 + exe.length)).toEqual(exe);
    }
  });

  test('uses the import of ret that is there, also if it stands first', () => {
    const text = `(module (import "env" "ret" (func $ret (param i32 i32))) (import "env" "rand" (func $rand (param i32 i32)))
      (memory 1) (func (export "call")) (func (export "deploy") (call $rand (i32.const 0) (i32.const 0)) (call $ret (i32.const 1) (i32.const 2))))`;
    const { exe, constructorModule } = buildContract(binary(text));
    const { calls } = run(constructorModule, 'fast');
    expect(calls).toEqual([
      ['rand', 0, 0],
      ['ret', 1, 2],
      ['ret', 0, exe.length],
    ]);
  });

  test('moves functions, elements and exports when ret is added', () => {
    const text = `(module (import "env" "fetch_args_length" (func $ask (result i32))) (memory 1) (table 2 funcref)
      (elem (i32.const 0) $f $ask) (type $t (func (result i32)))
      (func $f (result i32) (i32.const 5)) (func (export "call"))
      (func (export "deploy") (drop (call $f)) (drop (call_indirect (type $t) (i32.const 1)))))`;
    const { exe, constructorModule } = buildContract(binary(text));
    expect(run(constructorModule, 'exact')).toMatchObject({
      trap: undefined,
      calls: [['fetch_args_length'], ['ret', 0, exe.length]],
    });
  });

  test('is the exe code itself when there is no deploy', () => {
    const { exe, constructorModule } = buildContract(binary('(module (memory 1) (func (export "call")))'));
    expect(constructorModule).toEqual(exe);
  });
});

test('a module of 1.5 MB is built in less than half a second', () => {
  const many = Array.from(
    { length: 3000 },
    (_, index) => `(func $f${index} (param i32) (result i32) (local i64)
      ${'(i32.store offset=8 (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1000000)))'.repeat(10)}
      ${index === 0 ? '(local.get 0)' : `(call $f${index - 1} (local.get 0))`})`,
  );
  const text = `(module (memory 30) ${many.join('\n')} (func (export "call") (drop (call $f2999 (i32.const 1))))
    (func (export "deploy")) (data (i32.const 65536) "${'x'.repeat(1_000_000)}"))`;
  const module = binary(text, false);
  expect(module.length).toBeGreaterThan(1_450_000);
  // Time of this process, not of the wall: other processes may be at work.
  const times = Array.from({ length: 3 }, () => {
    const start = process.cpuUsage();
    buildContract(module);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  expect(Math.min(...times)).toBeLessThan(500);
  expect(buildContract(module).exe.length).toBeGreaterThan(1_400_000);
});
