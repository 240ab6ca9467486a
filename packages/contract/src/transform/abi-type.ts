/** A Solidity type, and how AssemblyScript writes it. */
export type AbiType =
  | { readonly kind: 'bool' | 'address' | 'bytes' | 'string' }
  | { readonly kind: 'uint' | 'int'; readonly bits: number }
  | { readonly kind: 'fixedBytes'; readonly length: number }
  | { readonly kind: 'array'; readonly item: AbiType }
  | { readonly kind: 'fixedArray'; readonly item: AbiType; readonly length: number }
  | { readonly kind: 'tuple'; readonly name: string; readonly fields: readonly AbiField[] };

export interface AbiField {
  readonly name: string;
  readonly type: AbiType;
}

/** Whether the encoding has no fixed length, so that its place holds an offset. */
export function isDynamic(type: AbiType): boolean {
  switch (type.kind) {
    case 'bytes':
    case 'string':
    case 'array':
      return true;
    case 'fixedArray':
      return isDynamic(type.item);
    case 'tuple':
      return type.fields.some((field) => isDynamic(field.type));
    default:
      return false;
  }
}

/** Bytes of the head that a value takes up in the tuple or array around it. */
export function headLength(type: AbiType): number {
  if (isDynamic(type)) return 32;
  switch (type.kind) {
    case 'fixedArray':
      return type.length * headLength(type.item);
    case 'tuple':
      return fieldsHeadLength(type.fields);
    default:
      return 32;
  }
}

export function fieldsHeadLength(fields: readonly AbiField[]): number {
  return fields.reduce((sum, field) => sum + headLength(field.type), 0);
}

/** The type as Solidity's JSON ABI names it: a tuple is `tuple`. */
export function abiName(type: AbiType): string {
  switch (type.kind) {
    case 'uint':
    case 'int':
      return `${type.kind}${type.bits}`;
    case 'fixedBytes':
      return `bytes${type.length}`;
    case 'array':
      return `${abiName(type.item)}[]`;
    case 'fixedArray':
      return `${abiName(type.item)}[${type.length}]`;
    default:
      return type.kind;
  }
}

/** The type as it stands in a signature: a tuple is its types in parentheses. */
export function canonicalName(type: AbiType): string {
  switch (type.kind) {
    case 'array':
      return `${canonicalName(type.item)}[]`;
    case 'fixedArray':
      return `${canonicalName(type.item)}[${type.length}]`;
    case 'tuple':
      return `(${type.fields.map((field) => canonicalName(field.type)).join(',')})`;
    default:
      return abiName(type);
  }
}

/** `name(type,type)`: what a caller names, and what a selector is the hash of. */
export function signatureOf(name: string, parameters: readonly AbiField[]): string {
  return `${name}(${parameters.map((parameter) => canonicalName(parameter.type)).join(',')})`;
}
