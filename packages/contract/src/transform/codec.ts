import { type AbiField, type AbiType, fieldsHeadLength, headLength, isDynamic } from './abi-type.js';

/** How generated code names the library; no contract calls anything so. */
export const LIB = '__enigma';

/** A constant text as the two arguments pointer and length, in UTF-8. */
export function staticText(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return `memory.data<u8>([${bytes.join(', ')}]), ${bytes.length}`;
}

/**
 * AssemblyScript statements that write a value with the AbiWriter `__writer`.
 *
 * @param value an expression without side effects
 * @param id tells apart the names of two values in one block
 */
export function encode(type: AbiType, value: string, id = ''): string {
  switch (type.kind) {
    case 'bool':
      return `__writer.boolean(${value});`;
    case 'uint':
      return encodeInteger('unsigned', 'Unsigned', 'u64', type.bits, value);
    case 'int':
      return encodeInteger('signed', 'Signed', 'i64', type.bits, value);
    case 'address':
    case 'bytes':
    case 'fixedBytes':
      return `__writer.${type.kind}(${value});`;
    case 'string':
      return `__writer.text(${value});`;
    case 'tuple':
      return within(
        isDynamic(type),
        `__writer.enter(${fieldsHeadLength(type.fields)})`,
        `${value}.__encode(__writer);`,
        id,
      );
    case 'array': {
      const enter = `__writer.enterArray(${value}.length, ${headLength(type.item)})`;
      return within(true, enter, encodeItems(type.item, value, id), id);
    }
    case 'fixedArray': {
      const enter = `__writer.enter(${type.length * headLength(type.item)})`;
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
      ? `__writer.${method}256(${value});`
      : `__writer.${method}256(${LIB}.fits${check}256(${value}, ${bits}));`;
  }
  const isNative = [8, 16, 32, 64].includes(bits);
  return isNative
    ? `__writer.${method}(<${wide}>${value});`
    : `__writer.${method}(${LIB}.fits${check}(<${wide}>${value}, ${bits}));`;
}

function encodeItems(item: AbiType, value: string, id: string): string {
  const index = `__i${id}`;
  const body = encode(item, `__item${id}`, `${id}_`);
  return `for (let ${index} = 0; ${index} < ${value}.length; ${index}++) { const __item${id} = ${value}[${index}]; ${body} }`;
}

function within(isDynamicValue: boolean, enter: string, body: string, id: string): string {
  return isDynamicValue ? `const __outside${id} = ${enter}; ${body} __writer.leave(__outside${id});` : body;
}

/**
 * AssemblyScript statements that read a value with the AbiReader `__reader`.
 *
 * @param target what to assign the value to: `const x` or `x.y`
 * @param written the type as the contract writes it
 * @param id tells apart the names of two values in one block
 */
export function decode(type: AbiType, target: string, written: string, id = ''): string {
  switch (type.kind) {
    case 'bool':
      return `${target} = __reader.boolean();`;
    case 'uint':
    case 'int': {
      const method = type.kind === 'uint' ? 'unsigned' : 'signed';
      return type.bits > 64
        ? `${target} = __reader.${method}256(${type.bits});`
        : `${target} = <${written}>__reader.${method}(${type.bits});`;
    }
    case 'address':
    case 'fixedBytes':
      return `${target} = __reader.${type.kind}<${written}>();`;
    case 'bytes':
      return `${target} = __reader.bytes();`;
    case 'string':
      return `${target} = __reader.text();`;
    case 'tuple': {
      const read = `${target} = changetype<${written}>(0).__decode(__reader);`;
      return isDynamic(type)
        ? `const __outside${id} = __reader.enter(); ${read} __reader.leave(__outside${id});`
        : read;
    }
    case 'array': {
      const length = `__length${id}`;
      return (
        `const __outside${id} = __reader.enterArray(${headLength(type.item)}); const ${length} = __reader.arrayLength; ` +
        `const __items${id} = new Array<valueof<${written}>>(${length}); ` +
        `${decodeItems(type.item, length, written, id)} __reader.leave(__outside${id}); ${target} = __items${id};`
      );
    }
    case 'fixedArray': {
      const create = `const __items${id} = new StaticArray<valueof<${written}>>(${type.length});`;
      const items = decodeItems(type.item, String(type.length), written, id);
      const assign = `${target} = __items${id};`;
      if (!isDynamic(type)) return `${create} ${items} ${assign}`;
      return `const __outside${id} = __reader.enter(); ${create} ${items} __reader.leave(__outside${id}); ${assign}`;
    }
    default:
      return type satisfies never;
  }
}

function decodeItems(item: AbiType, length: string, written: string, id: string): string {
  const index = `__i${id}`;
  const body = decode(item, `const __item${id}`, `valueof<${written}>`, `${id}_`);
  return `for (let ${index} = 0; ${index} < ${length}; ${index}++) { ${body} __items${id}[${index}] = __item${id}; }`;
}

/** Statements that write the fields of an object or the arguments of a call, each in a block of its own. */
export function encodeFields(fields: readonly AbiField[], valueOf: (name: string) => string): string {
  return fields.map((field) => `{ ${encode(field.type, valueOf(field.name))} }`).join(' ');
}
