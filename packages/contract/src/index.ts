export type {
  AbiConstructor,
  AbiFunction,
  AbiParameter,
  ContractAbi,
  ContractDocs,
  FunctionDocs,
} from './abi.js';
export { type Artifacts, artifactsOf, writeArtifacts } from './artifacts.js';
export { type CompiledContract, compileContract, type CompileOptions } from './compile.js';
export { CompileError, type CompileErrorCode, type SourcePosition } from './errors.js';
export type { ReadSource } from './read-source.js';
