/** A parameter as Solidity's JSON ABI describes it. */
export interface AbiParameter {
  readonly name: string;
  readonly type: string;
  /** `struct Name` and what it is in arrays, as Solidity's compiler says it. */
  readonly internalType?: string;
  readonly components?: readonly AbiParameter[];
}

export interface AbiConstructor {
  readonly type: 'constructor';
  readonly inputs: readonly AbiParameter[];
  readonly stateMutability: 'nonpayable';
}

export interface AbiFunction {
  readonly type: 'function';
  readonly name: string;
  readonly inputs: readonly AbiParameter[];
  readonly outputs: readonly AbiParameter[];
  readonly stateMutability: 'view' | 'nonpayable';
}

/** The interface of a contract in Solidity's JSON form, which viem and abitype read: a constructor, then the functions. */
export type ContractAbi = readonly (AbiConstructor | AbiFunction)[];

/** What the comments of a function say, under the names Solidity's compiler gives them. */
export interface FunctionDocs {
  readonly details?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly returns?: string;
}

/** What the comments of a contract say; functions by signature, the constructor as `constructor`. */
export interface ContractDocs {
  readonly details?: string;
  readonly methods: Readonly<Record<string, FunctionDocs>>;
}
