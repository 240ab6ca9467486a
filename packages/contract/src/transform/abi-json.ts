import type { AbiParameter, ContractAbi, ContractDocs, FunctionDocs } from '../abi.js';
import { abiName, type AbiField, type AbiType, signatureOf } from './abi-type.js';
import type { ContractModel } from './contract-class.js';
import type { Documentation } from './source-file.js';

/** The interface of a contract as Solidity's JSON. */
export function abiOf(contract: ContractModel): ContractAbi {
  return [
    {
      type: 'constructor',
      inputs: contract.constructorParameters.map(parameterOf),
      stateMutability: 'nonpayable',
    },
    ...contract.functions.map((entry) => ({
      type: 'function' as const,
      name: entry.name,
      inputs: entry.parameters.map(parameterOf),
      outputs: entry.result ? [parameterOf({ name: '', type: entry.result })] : [],
      stateMutability: entry.isView ? ('view' as const) : ('nonpayable' as const),
    })),
  ];
}

function parameterOf(field: AbiField): AbiParameter {
  const tuple = tupleIn(field.type);
  const type = abiName(field.type);
  if (!tuple) return { name: field.name, type };
  return {
    name: field.name,
    type,
    internalType: `struct ${tuple.name}${type.slice('tuple'.length)}`,
    components: tuple.fields.map(parameterOf),
  };
}

function tupleIn(type: AbiType): (AbiType & { kind: 'tuple' }) | undefined {
  if (type.kind === 'tuple') return type;
  return type.kind === 'array' || type.kind === 'fixedArray' ? tupleIn(type.item) : undefined;
}

/** What the author's comments say, by function. */
export function docsOf(contract: ContractModel): ContractDocs {
  const methods: Record<string, FunctionDocs> = {};
  const add = (key: string, docs: Documentation): void => {
    const hasParams = Object.keys(docs.params).length > 0;
    if (docs.details === undefined && docs.returns === undefined && !hasParams) return;
    methods[key] = {
      ...(docs.details !== undefined && { details: docs.details }),
      ...(hasParams && { params: docs.params }),
      ...(docs.returns !== undefined && { returns: docs.returns }),
    };
  };
  add('constructor', contract.constructorDocs);
  for (const entry of contract.functions) add(signatureOf(entry.name, entry.parameters), entry.docs);
  return { ...(contract.docs.details !== undefined && { details: contract.docs.details }), methods };
}
