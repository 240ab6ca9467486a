import { contract } from './contract.js';

/** What a scribbler does; `a`, `b` and `c` are its operands. */
export const scribble = {
  store: 0,
  storeByte: 1,
  fill: 2,
  copy: 3,
  setGlobal: 4,
  readState: 5,
  trap: 6,
  hostTrap: 7,
  /** The next ones only work in a scribbler made for them. */
  grow: 8,
  init: 9,
  dropData: 10,
  copyTable: 11,
} as const;

/** One step: an operation of {@link scribble} and its operands. */
export type Step = readonly [operation: number, a: number, b: number, c: number];

/** The arguments by which a scribbler takes these steps. */
export function steps(list: readonly Step[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(list.flat()).buffer);
}

const argumentsAt = 7_000_000;

/**
 * A contract that does with its memory, globals and table what its arguments say, then returns all of its memory, with
 * its globals in the first bytes.
 */
export function scribbler(options: { readonly grows?: boolean; readonly drops?: boolean } = {}): string {
  const operand = (index: number): string => `(i32.load offset=${4 * index} (local.get $at))`;
  const step = (operation: number, body: string): string =>
    `(if (i32.eq ${operand(0)} (i32.const ${operation})) (then ${body}))`;
  const grows = options.grows === true ? step(scribble.grow, `(drop (memory.grow ${operand(1)}))`) : '';
  const drops =
    options.drops === true
      ? step(scribble.init, `(memory.init $passive ${operand(1)} (i32.const 0) (i32.const 7))`) +
        step(scribble.dropData, '(data.drop $passive)') +
        step(scribble.copyTable, '(table.copy (i32.const 0) (i32.const 1) (i32.const 1))')
      : '';
  return contract(
    `(local $at i32) (local $end i32)
    (call $fetch_args (i32.const ${argumentsAt}))
    (local.set $at (i32.const ${argumentsAt}))
    (local.set $end (i32.add (local.get $at) (call $fetch_args_length)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      ${step(scribble.store, `(i64.store ${operand(1)} (i64.extend_i32_u ${operand(2)}))`)}
      ${step(scribble.storeByte, `(i32.store8 ${operand(1)} ${operand(2)})`)}
      ${step(scribble.fill, `(memory.fill ${operand(1)} ${operand(3)} ${operand(2)})`)}
      ${step(scribble.copy, `(memory.copy ${operand(1)} ${operand(2)} ${operand(3)})`)}
      ${step(scribble.setGlobal, `(global.set $a ${operand(1)}) (global.set $b (i64.extend_i32_u ${operand(2)}))`)}
      ${step(scribble.readState, `(call $read_state (i32.const 0) (i32.const 0) ${operand(1)})`)}
      ${step(scribble.trap, '(unreachable)')}
      ${step(scribble.hostTrap, '(call $ret (i32.const -1) (i32.const 1))')}
      ${grows} ${drops}
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $next)))
    (i32.store (i32.const 0) (global.get $a))
    (i64.store (i32.const 8) (global.get $b))
    (i32.store (i32.const 16) (call_indirect (type $number) (i32.const 0)))
    (call $ret (i32.const 0) (i32.mul (memory.size) (i32.const 65536)))`,
    `(type $number (func (result i32)))
     (global $a (mut i32) (i32.const 11)) (global $b (mut i64) (i64.const 22))
     (table funcref (elem $one $two)) (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
     (data (i32.const 100000) "some data") (data (i32.const 131070) "data across two chunks")
     (data (i32.const 1100000) "${'more data'.repeat(30_000)}")
     ${options.drops === true ? '(data $passive "passive")' : ''}`,
  );
}
