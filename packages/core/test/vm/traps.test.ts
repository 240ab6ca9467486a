import { describe, expect, it } from 'vitest';
import { isStackExhausted, trapText } from '#vm/traps.js';
import { wasm } from '#vm/webassembly.js';
import { wat } from './support/wat.js';

/** What calling the export `call` of a module throws. */
function thrownBy(text: string): unknown {
  const instance = new wasm.Instance(new wasm.Module(wat(text)), {});
  try {
    (instance.exports['call'] as () => void)();
  } catch (error) {
    return error;
  }
  throw new Error('expected a trap');
}

const call = (body: string, fields = ''): string => `(module ${fields} (func (export "call") ${body}))`;
const table = '(type $t (func)) (table 1 funcref)';

describe('trapText', () => {
  it.each([
    ['unreachable', call('unreachable')],
    ['memory access out of bounds', call('(drop (i32.load (i32.const -1)))', '(memory 1)')],
    [
      'memory access out of bounds',
      call('(i64.store offset=0xffffffff (i32.const -1) (i64.const 0))', '(memory 1)'),
    ],
    [
      'memory access out of bounds',
      call('(memory.fill (i32.const -1) (i32.const 0) (i32.const 2))', '(memory 1)'),
    ],
    [
      'memory access out of bounds',
      call('(memory.copy (i32.const 0) (i32.const -1) (i32.const 2))', '(memory 1)'),
    ],
    [
      'memory access out of bounds',
      call('(memory.init $d (i32.const 0) (i32.const 0) (i32.const 2))', '(memory 1) (data $d "a")'),
    ],
    ['division by zero', call('(drop (i32.div_s (i32.const 1) (i32.const 0)))')],
    ['division by zero', call('(drop (i64.div_u (i64.const 1) (i64.const 0)))')],
    ['division by zero', call('(drop (i32.rem_u (i32.const 1) (i32.const 0)))')],
    ['division by zero', call('(drop (i64.rem_s (i64.const 1) (i64.const 0)))')],
    ['invalid conversion to int', call('(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))')],
    ['invalid conversion to int', call('(drop (i32.trunc_f64_s (f64.const 1e30)))')],
    ['invalid conversion to int', call('(drop (i64.trunc_f32_u (f32.const nan)))')],
    ['table access out of bounds', call('(call_indirect (type $t) (i32.const 5))', table)],
    ['table access out of bounds', call('(call_indirect (type $t) (i32.const -1))', table)],
    ['table access out of bounds', call('(table.copy (i32.const 0) (i32.const 0) (i32.const 9))', table)],
    [
      'table access out of bounds',
      call('(table.init $e (i32.const 0) (i32.const 0) (i32.const 9))', `${table} (elem $e func)`),
    ],
    ['unexpected signature', call('(call_indirect (type $t) (i32.const 0))', table)],
    [
      'unexpected signature',
      call(
        '(call_indirect (type $t) (i32.const 0))',
        `${table} (elem (i32.const 0) $f) (func $f (param i32))`,
      ),
    ],
  ])('says %s', (expected, module) => {
    expect(trapText(thrownBy(module))).toBe(expected);
  });

  it('knows nothing of other errors', () => {
    expect(trapText(new RangeError('unreachable'))).toBeUndefined();
    expect(trapText('unreachable')).toBeUndefined();
  });

  it('tells when the stack of V8 itself ended', () => {
    expect(isStackExhausted(thrownBy('(module (func $f (export "call") call $f))'))).toBe(true);
    expect(isStackExhausted(new RangeError('Invalid typed array length'))).toBe(false);
  });
});
