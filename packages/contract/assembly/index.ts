/** What a contract is written with. */
export { contract, ethereum, state, struct, view } from './decorators';
export { require, revert } from './revert';
export { print } from './print';
export { u256 } from './math/u256';
export { i256 } from './math/i256';
export * from './math/integers';
export * from './bytes';
export * from './fixed-arrays';
export { StateMap } from './state/map';
export { StateList } from './state/list';
export { callEthereum, EthereumContract } from './ethereum';
export { random, randomBelow, randomBytes, randomFixed } from './crypto/random';
export { decrypt, encrypt } from './crypto/cipher';
export { keccak256, keccak256Text } from './crypto/hash';
export { hashMessage, recoverAddress } from './crypto/signature';
