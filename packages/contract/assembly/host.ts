/** The functions a worker gives to a contract: docs/protocol.md, "Host functions". All numbers are byte offsets and lengths. */

/** Sets the result of the call; the last one counts. */
@external('env', 'ret')
export declare function ret(result: usize, length: i32): void;

/** Replaces a top-level key of the state by a JSON text. */
@external('env', 'write_state')
export declare function writeState(key: usize, keyLength: i32, value: usize, valueLength: i32): void;

/** Length of the JSON text of a key; a missing key reads as `null`. */
@external('env', 'read_state_len')
export declare function readStateLength(key: usize, keyLength: i32): i32;

@external('env', 'read_state')
export declare function readState(key: usize, keyLength: i32, value: usize): void;

@external('env', 'remove_from_state')
export declare function removeState(key: usize, keyLength: i32): void;

@external('env', 'eprint')
export declare function eprint(text: usize, length: i32): void;

@external('env', 'fetch_function_name_length')
export declare function functionNameLength(): i32;

@external('env', 'fetch_function_name')
export declare function functionName(name: usize): void;

@external('env', 'fetch_args_length')
export declare function argumentsLength(): i32;

@external('env', 'fetch_args')
export declare function fetchArguments(bytes: usize): void;

/** Asks for a call of an Ethereum contract, made when the task is settled; the last one counts. */
@external('env', 'write_eth_bridge')
export declare function writeEthereumBridge(payload: usize, length: i32, address: usize): void;

@external('env', 'rand')
export declare function rand(bytes: usize, length: i32): void;

/** AES-256-GCM; writes `length + 28` bytes. */
@external('env', 'encrypt')
export declare function encrypt(message: usize, length: i32, key: usize, envelope: usize): void;

/** Writes `length - 28` bytes; the task fails when the envelope does not open. */
@external('env', 'decrypt')
export declare function decrypt(envelope: usize, length: i32, key: usize, message: usize): void;
