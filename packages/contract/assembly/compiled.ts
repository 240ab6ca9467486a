/** What the code that the contract compiler adds to a contract is written with. */
export {
  checkLength,
  AbiWriter,
  fitsSigned,
  fitsSigned256,
  fitsUnsigned,
  fitsUnsigned256,
} from './abi/writer';
export { AbiReader } from './abi/reader';
export { fetchName, isCalled, unknownFunction } from './call';
export { readJson, writeJson, zero } from './state/json';
export { JsonReader } from './state/json-reader';
export { JsonWriter } from './state/json-writer';
export { StateObject } from './state/object';
export { StateValue } from './state/value';
export { forbidEffects } from './viewing';
