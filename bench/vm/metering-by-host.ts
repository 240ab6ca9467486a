import { analyse, Code, decodeModule, defaultModuleLimits, encodeModule, Writer } from './internals.js';

const callOpcode = 0x10;
const firstBlockOpcode = 0x02;
const elseOpcode = 0x05;
const i32ConstOpcode = 0x41;

/**
 * Meters a contract as the first workers did: at the beginning of each block it calls the imported function `gas`. Only
 * for comparison. The contract must not import `gas` itself.
 */
export function meteredByHost(exe: Uint8Array): Uint8Array {
  const module = decodeModule(exe, defaultModuleLimits);
  const gas = module.imports.length;
  const moved = (index: number): number => (index >= gas ? index + 1 : index);
  const functions = module.functions.map((definition) => {
    const { blockGas } = analyse(module, definition);
    const out = new Writer();
    let block = 0;
    const charge = (): void => {
      out.byte(i32ConstOpcode);
      out.s32(blockGas[block++] ?? 0);
      out.byte(callOpcode);
      out.u32(gas);
    };
    charge();
    for (const code = new Code(definition.body.code); code.next();) {
      code.write(out, code.opcode === callOpcode ? moved(code.first) : code.first);
      if (code.opcode >= firstBlockOpcode && code.opcode <= elseOpcode) charge();
    }
    return { type: definition.type, body: { locals: definition.body.locals, code: out.written } };
  });
  return encodeModule({
    ...module,
    types: [...module.types, { parameters: Uint8Array.of(0x7f), results: Uint8Array.of() }],
    imports: [...module.imports, { module: 'env', field: 'gas', type: module.types.length }],
    functions,
    exports: module.exports.map((entry) => ({ ...entry, index: moved(entry.index) })),
    elements: module.elements.map((segment) => ({
      ...segment,
      functions: segment.functions.map((index) => (index === undefined ? undefined : moved(index))),
    })),
  });
}
