import loadWabt from 'wabt';

const IMPORTS = `
  (import "env" "ret" (func $ret (param i32 i32)))
  (import "env" "write_state" (func $write_state (param i32 i32 i32 i32)))
  (import "env" "read_state_len" (func $read_state_len (param i32 i32) (result i32)))
  (import "env" "read_state" (func $read_state (param i32 i32 i32)))
  (import "env" "fetch_function_name" (func $fetch_function_name (param i32)))
  (import "env" "fetch_args_length" (func $fetch_args_length (result i32)))
  (import "env" "fetch_args" (func $fetch_args (param i32)))
  (import "env" "write_eth_bridge" (func $write_eth_bridge (param i32 i32 i32)))`;

/**
 * One contract for many tests; the first letter of the function's name says what it does:
 * `e`cho returns the arguments, `s`et keeps them (a JSON text) under "v", `g`et returns what is kept, `b`ridge sends
 * them to Ethereum, `t`rap traps, `l`oop spins as often as the arguments say (a little-endian i64).
 * The constructor keeps 0.
 */
const BODY = `
  (data (i32.const 16) "v0")
  (func $args (result i32)
    (call $fetch_args (i32.const 4096))
    (call $fetch_args_length))
  (func $is (param $letter i32) (result i32)
    (i32.eq (i32.load8_u (i32.const 1024)) (local.get $letter)))
  (func $get (local $length i32)
    (local.set $length (call $read_state_len (i32.const 16) (i32.const 1)))
    (call $read_state (i32.const 16) (i32.const 1) (i32.const 65536))
    (call $ret (i32.const 65536) (local.get $length)))
  (func $spin (local $left i64)
    (drop (call $args))
    (local.set $left (i64.load (i32.const 4096)))
    (block $done
      (loop $again
        (br_if $done (i64.eqz (local.get $left)))
        (local.set $left (i64.sub (local.get $left) (i64.const 1)))
        (br $again))))
  (func (export "deploy")
    (call $write_state (i32.const 16) (i32.const 1) (i32.const 17) (i32.const 1)))
  (func (export "call") (local $length i32)
    (call $fetch_function_name (i32.const 1024))
    (if (call $is (i32.const 101)) (then (local.set $length (call $args)) (call $ret (i32.const 4096) (local.get $length))))
    (if (call $is (i32.const 115)) (then
      (local.set $length (call $args))
      (call $write_state (i32.const 16) (i32.const 1) (i32.const 4096) (local.get $length))))
    (if (call $is (i32.const 103)) (then (call $get)))
    (if (call $is (i32.const 98)) (then
      (local.set $length (call $args))
      (call $write_eth_bridge (i32.const 4096) (local.get $length) (i32.const 16))))
    (if (call $is (i32.const 116)) (then unreachable))
    (if (call $is (i32.const 108)) (then (call $spin))))`;

const OWN_MEMORY = `(module ${IMPORTS} (memory (export "memory") 17) ${BODY})`;
const IMPORTED_MEMORY = `(module ${IMPORTS} (import "env" "memory" (memory 17)) ${BODY})`;
/** A constructor that traps. */
const BROKEN = `(module ${IMPORTS} (memory 17) (data (i32.const 0) "x")
  (func (export "deploy") unreachable) (func (export "call")))`;

/** The contracts of the tests as WebAssembly modules. */
export interface Contracts {
  readonly ownMemory: Uint8Array;
  readonly importedMemory: Uint8Array;
  readonly broken: Uint8Array;
}

export async function compileContracts(): Promise<Contracts> {
  const wabt = await loadWabt();
  const compile = (source: string): Uint8Array => {
    const module = wabt.parseWat('contract.wat', source);
    try {
      return module.toBinary({}).buffer;
    } finally {
      module.destroy();
    }
  };
  return {
    ownMemory: compile(OWN_MEMORY),
    importedMemory: compile(IMPORTED_MEMORY),
    broken: compile(BROKEN),
  };
}
