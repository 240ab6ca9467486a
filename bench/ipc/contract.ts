import loadWabt from 'wabt';

/** `e`cho returns the arguments, `s`et keeps them (a JSON text), `l`oop spins as often as they say. */
const SOURCE = `(module
  (import "env" "ret" (func $ret (param i32 i32)))
  (import "env" "write_state" (func $write_state (param i32 i32 i32 i32)))
  (import "env" "fetch_function_name" (func $fetch_function_name (param i32)))
  (import "env" "fetch_args_length" (func $fetch_args_length (result i32)))
  (import "env" "fetch_args" (func $fetch_args (param i32)))
  (memory (export "memory") 17)
  (data (i32.const 16) "v0--------")
  (func $spin (local $left i64)
    (local.set $left (i64.load (i32.const 4096)))
    (block $done (loop $again
      (br_if $done (i64.eqz (local.get $left)))
      (local.set $left (i64.sub (local.get $left) (i64.const 1)))
      (br $again))))
  (func (export "deploy") (call $write_state (i32.const 16) (i32.const 1) (i32.const 17) (i32.const 1)))
  (func (export "call") (local $letter i32)
    (call $fetch_function_name (i32.const 1024))
    (call $fetch_args (i32.const 4096))
    (local.set $letter (i32.load8_u (i32.const 1024)))
    (if (i32.eq (local.get $letter) (i32.const 101)) (then
      (call $ret (i32.const 4096) (call $fetch_args_length))))
    (if (i32.eq (local.get $letter) (i32.const 115)) (then
      (call $write_state (i32.const 16) (i32.const 1) (i32.const 4096) (call $fetch_args_length))))
    (if (i32.eq (local.get $letter) (i32.const 108)) (then (call $spin)))))`;

/** A small contract, as WebAssembly. */
export async function benchContract(): Promise<Uint8Array> {
  const wabt = await loadWabt();
  const module = wabt.parseWat('bench.wat', SOURCE);
  try {
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}
