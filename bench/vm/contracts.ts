import loadWabt from 'wabt';

/**
 * A contract that uses memory as compiled Rust does: a stack below 1 MiB, data above it, a heap that begins by growing
 * memory by a page; it takes its arguments, works on them, and returns them.
 */
function source(dataBytes: number, serial: number): string {
  return `(module
    (import "env" "fetch_args_length" (func $fetch_args_length (result i32)))
    (import "env" "fetch_args" (func $fetch_args (param i32)))
    (import "env" "ret" (func $ret (param i32 i32)))
    (memory (export "memory") 17)
    (global $stack (mut i32) (i32.const 1048576))
    (global $heap (mut i32) (i32.const 0))
    (data (i32.const 1048576) "${'d'.repeat(dataBytes)}")
    (func $allocate (param $size i32) (result i32) (local $at i32)
      (if (i32.eqz (global.get $heap))
        (then (global.set $heap (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))))
      (local.set $at (global.get $heap))
      (global.set $heap (i32.add (local.get $at) (i32.and (i32.add (local.get $size) (i32.const 15)) (i32.const -16))))
      (local.get $at))
    (func (export "call") (local $frame i32) (local $input i32) (local $length i32) (local $i i32)
      (local.set $frame (i32.sub (global.get $stack) (i32.const 256)))
      (global.set $stack (local.get $frame))
      (local.set $length (call $fetch_args_length))
      (local.set $input (call $allocate (local.get $length)))
      (call $fetch_args (local.get $input))
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $length)))
        (i32.store8 (i32.add (local.get $frame) (i32.and (local.get $i) (i32.const 255)))
          (i32.load8_u (i32.add (local.get $input) (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
      (i32.store (i32.const 1048600) (i32.const ${serial}))
      (call $ret (local.get $frame) (i32.and (local.get $length) (i32.const 255)))))`;
}

/** Makes such contracts with so many bytes of data; each `serial` gives another one. */
export async function contractMaker(): Promise<(dataBytes: number, serial?: number) => Uint8Array> {
  const wabt = await loadWabt();
  return (dataBytes, serial = 0) => {
    const module = wabt.parseWat('pool.wat', source(dataBytes, serial));
    try {
      return module.toBinary({}).buffer;
    } finally {
      module.destroy();
    }
  };
}
