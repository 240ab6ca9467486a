import { type AbiField, type AbiType, fieldsHeadLength, headLength, isDynamic } from './abi-type.js';

/** How generated code names the library; no contract calls anything so. */
export const LIB = '__enigma';

/**
 * AssemblyScript statements that write a value with the AbiWriter `writer`.
 *
 * @param value an expression without side effects
 * @param id tells apart the names of two values in one block
 */
export function encode(type: AbiType, value: string, id = ''): string {
  switch (type.kind) {
    case 'bool':
      return `writer.boolean(${value});`;
    case 'uint':
      return encodeInteger('unsigned', 'Unsigned', 'u64', type.bits, value);
    case 'int':
      return encodeInteger('signed', 'Signed', 'i64', type.bits, value);
    case 'address':
    case 'bytes':
    case 'fixedBytes':
      return `writer.${type.kind}(${value});`;
    case 'string':
      return `writer.text(${value});`;
    case 'tuple':
      return within(
        isDynamic(type),
        `writer.enter(${fieldsHeadLength(type.fields)})`,
        `${value}.__encode(writer);`,
        id,
      );
    case 'array': {
      const enter = `writer.enterArray(${value}.length, ${headLength(type.item)})`;
      return within(true, enter, encodeItems(type.item, value, id), id);
    }
    case 'fixedArray': {
      const enter = `writer.enter(${type.length * headLength(type.item)})`;
      const items = encodeItems(type.item, value, id);
      return `${LIB}.checkLength(${value}.length, ${type.length}); ${within(isDynamic(type), enter, items, id)}`;
    }
    default:
      return type satisfies never;
  }
}

function encodeInteger(method: string, check: string, wide: string, bits: number, value: string): string {
  if (bits > 64) {
    return bits === 256
      ? `writer.${method}256(${value});`
      : `writer.${method}256(${LIB}.fits${check}256(${value}, ${bits}));`;
  }
  const isNative = [8, 16, 32, 64].includes(bits);
  return isNative
    ? `writer.${method}(<${wide}>${value});`
    : `writer.${method}(${LIB}.fits${check}(<${wide}>${value}, ${bits}));`;
}

function encodeItems(item: AbiType, value: string, id: string): string {
  const index = `i${id}`;
  const body = encode(item, `item${id}`, `${id}_`);
  return `for (let ${index} = 0; ${index} < ${value}.length; ${index}++) { const item${id} = ${value}[${index}]; ${body} }`;
}

function within(isDynamicValue: boolean, enter: string, body: string, id: string): string {
  return isDynamicValue ? `const outside${id} = ${enter}; ${body} writer.leave(outside${id});` : body;
}

/**
 * AssemblyScript statements that read a value with the AbiReader `reader`.
 *
 * @param target what to assign the value to: `const x` or `x.y`
 * @param written the type as the contract writes it
 * @param id tells apart the names of two values in one block
 */
export function decode(type: AbiType, target: string, written: string, id = ''): string {
  switch (type.kind) {
    case 'bool':
      return `${target} = reader.boolean();`;
    case 'uint':
    case 'int': {
      const method = type.kind === 'uint' ? 'unsigned' : 'signed';
      return type.bits > 64
        ? `${target} = reader.${method}256(${type.bits});`
        : `${target} = <${written}>reader.${method}(${type.bits});`;
    }
    case 'address':
    case 'fixedBytes':
      return `${target} = reader.${type.kind}<${written}>();`;
    case 'bytes':
      return `${target} = reader.bytes();`;
    case 'string':
      return `${target} = reader.text();`;
    case 'tuple': {
      const read = `${target} = changetype<${written}>(0).__decode(reader);`;
      return isDynamic(type)
        ? `const outside${id} = reader.enter(); ${read} reader.leave(outside${id});`
        : read;
    }
    case 'array': {
      const length = `length${id}`;
      return (
        `const outside${id} = reader.enterArray(${headLength(type.item)}); const ${length} = reader.arrayLength; ` +
        `const items${id} = new Array<valueof<${written}>>(${length}); ` +
        `${decodeItems(type.item, length, written, id)} reader.leave(outside${id}); ${target} = items${id};`
      );
    }
    case 'fixedArray': {
      const create = `const items${id} = new StaticArray<valueof<${written}>>(${type.length});`;
      const items = decodeItems(type.item, String(type.length), written, id);
      const assign = `${target} = items${id};`;
      if (!isDynamic(type)) return `${create} ${items} ${assign}`;
      return `const outside${id} = reader.enter(); ${create} ${items} reader.leave(outside${id}); ${assign}`;
    }
    default:
      return type satisfies never;
  }
}

function decodeItems(item: AbiType, length: string, written: string, id: string): string {
  const index = `i${id}`;
  const body = decode(item, `const item${id}`, `valueof<${written}>`, `${id}_`);
  return `for (let ${index} = 0; ${index} < ${length}; ${index}++) { ${body} items${id}[${index}] = item${id}; }`;
}

/** Statements that write the fields of an object or the arguments of a call, each in a block of its own. */
export function encodeFields(fields: readonly AbiField[], valueOf: (name: string) => string): string {
  return fields.map((field) => `{ ${encode(field.type, valueOf(field.name))} }`).join(' ');
}
