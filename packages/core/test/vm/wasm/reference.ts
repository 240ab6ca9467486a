import { Code } from '#vm/wasm/code.js';
import { decodeModule } from '#vm/wasm/decode.js';
import { encodeModule } from '#vm/wasm/encode.js';
import { defaultModuleLimits } from '#vm/wasm/limits.js';
import { Writer } from '#vm/wasm/writer.js';
import { wasm } from '#vm/webassembly.js';
import type { WasmGlobal } from '#vm/webassembly.js';
import { instantiate, trapOf } from './support.js';
import type { Host } from './support.js';

/** What a run of a contract came to that counts its gas in the most simple-minded way. */
export interface ReferenceRun {
  readonly trap: string | undefined;
  readonly gas: bigint;
  readonly calls: readonly (readonly (string | number)[])[];
  readonly memory: Uint8Array;
}

/** The price list once more, independently: by opcode. */
function priceOf(opcode: number): number {
  if (opcode === 0x0b || opcode === 0x05) return 0;
  if (opcode >= 0x28 && opcode <= 0x3e) return 2;
  if ([0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82].includes(opcode)) return 16;
  if (opcode === 0x6c || opcode === 0x7e) return 4;
  return opcode === 0xfc08 || opcode === 0xfc0a || opcode === 0xfc0b ? 2 : 1;
}

/**
 * Counts gas as pwasm-utils does: in a first pass the price of each block, in a second a call at each block's beginning.
 * The counter is a global that nothing limits; the memory is a real one. Each NaN has the same bits, as it must.
 */
export function referenceModule(exe: Uint8Array): Uint8Array {
  const module = decodeModule(exe, defaultModuleLimits);
  const charge = module.imports.length + module.functions.length;
  const [grow, fill, copy, sameNan] = [charge + 1, charge + 2, charge + 3, charge + 4];
  const gas = module.globals.length;
  const types = module.types.length;

  const inject = (bytes: Uint8Array): Uint8Array => {
    const prices = [1];
    const open = [0];
    for (const code = new Code(bytes); code.next();) {
      const top = open.at(-1) ?? 0;
      prices[top] = (prices[top] ?? 0) + priceOf(code.opcode);
      if (code.opcode === 0x0b || code.opcode === 0x05) open.pop();
      if (code.opcode >= 0x02 && code.opcode <= 0x05) open.push(prices.push(1) - 1);
    }
    const out = new Writer();
    let block = 0;
    const begin = (): void => {
      out.byte(0x41);
      out.s32(prices[block] ?? 0);
      out.byte(0x10);
      out.u32(charge);
      block += 1;
    };
    begin();
    for (const code = new Code(bytes); code.next();) {
      const replacement = { 0x40: grow, 0xfc0a: copy, 0xfc0b: fill }[code.opcode];
      if (replacement === undefined) code.write(out);
      else {
        out.byte(0x10);
        out.u32(replacement);
      }
      // ceil to max of f64: random modules have no other arithmetic that makes a NaN.
      if (code.opcode >= 0x9b && code.opcode <= 0xa5) {
        out.byte(0x10);
        out.u32(sameNan);
      }
      if (code.opcode >= 0x02 && code.opcode <= 0x05) begin();
    }
    return out.written.slice();
  };

  // gas += (i64) local 0; the others charge for their operand by it, then act.
  const chargeBody = [0x23, gas, 0x20, 0, 0xad, 0x7c, 0x24, gas, 0x0b];
  const call = leb(0x10, charge);
  const growBody = [0x20, 0, 0x41, 0x80, 0xc0, 0x00, 0x6c, ...call, 0x20, 0, 0x40, 0, 0x0b];
  const words = [0x20, 2, 0xad, 0x42, 7, 0x7c, 0x42, 3, 0x88, 0xa7, ...call];
  const operands = [0x20, 0, 0x20, 1, 0x20, 2];
  // Its operand if that is equal to itself, else the NaN that x86 makes of 0 / 0.
  const sameNanBody = [0x20, 0, 0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0xff, 0x20, 0, 0x20, 0, 0x61, 0x1b, 0x0b];
  const added = [
    { type: types, body: { locals: [], code: Uint8Array.from(chargeBody) } },
    { type: types + 1, body: { locals: [], code: Uint8Array.from(growBody) } },
    {
      type: types + 2,
      body: { locals: [], code: Uint8Array.from([...words, ...operands, 0xfc, 0x0b, 0, 0x0b]) },
    },
    {
      type: types + 2,
      body: { locals: [], code: Uint8Array.from([...words, ...operands, 0xfc, 0x0a, 0, 0, 0x0b]) },
    },
    { type: types + 3, body: { locals: [], code: Uint8Array.from(sameNanBody) } },
  ];
  return encodeModule({
    ...module,
    types: [
      ...module.types,
      { parameters: Uint8Array.of(0x7f), results: Uint8Array.of() },
      { parameters: Uint8Array.of(0x7f), results: Uint8Array.of(0x7f) },
      { parameters: Uint8Array.of(0x7f, 0x7f, 0x7f), results: Uint8Array.of() },
      { parameters: Uint8Array.of(0x7c), results: Uint8Array.of(0x7c) },
    ],
    functions: [
      ...module.functions.map(({ type, body }) => ({
        type,
        body: { locals: body.locals, code: inject(body.code) },
      })),
      ...added,
    ],
    globals: [...module.globals, { type: 0x7e, mutable: true, initial: Uint8Array.of(0x42, 0) }],
    exports: [...module.exports, { name: 'gas', kind: 'global', index: gas }],
  });
}

function leb(opcode: number, index: number): number[] {
  const writer = new Writer();
  writer.byte(opcode);
  writer.u32(index);
  return [...writer.written];
}

/** Runs {@link referenceModule}. */
export function runReference(exe: Uint8Array, host: Host = {}): ReferenceRun {
  const memory = new wasm.Memory({ initial: 120, maximum: 128 });
  const { exports, calls } = instantiate(referenceModule(exe), memory, host);
  const trap = trapOf(exports['call'] as () => void);
  return {
    trap,
    gas: (exports['gas'] as WasmGlobal<bigint>).value,
    calls,
    memory: new Uint8Array(memory.buffer),
  };
}
