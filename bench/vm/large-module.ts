import loadWabt from 'wabt';

const functions = 3_000;
const dataBytes = 1_000_000;

/** A contract of 1.5 MB: thousands of functions that call each other, and a megabyte of data. */
export async function largeModule(): Promise<Uint8Array> {
  const wabt = await loadWabt();
  const access = '(i32.store offset=8 (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1000000)))';
  const list = Array.from({ length: functions }, (_, index) => {
    const last = index === 0 ? '(local.get 0)' : `(call $f${index - 1} (local.get 0))`;
    return `(func $f${index} (param i32) (result i32) (local i64) ${access.repeat(10)} ${last})`;
  });
  const module = wabt.parseWat(
    'large.wat',
    `(module (memory 30) ${list.join('\n')}
      (func (export "call") (drop (call $f${functions - 1} (i32.const 1))))
      (func (export "deploy")) (data (i32.const 65536) "${'x'.repeat(dataBytes)}"))`,
  );
  try {
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}
