// The host functions of docs/protocol.md, "Host functions", that this contract needs.
@external('env', 'ret')
export declare function ret(result: usize, length: i32): void;
@external('env', 'eprint')
export declare function eprint(text: usize, length: i32): void;
@external('env', 'read_state_len')
export declare function readStateLength(key: usize, keyLength: i32): i32;
@external('env', 'read_state')
export declare function readState(key: usize, keyLength: i32, value: usize): void;
@external('env', 'write_state')
export declare function writeState(key: usize, keyLength: i32, value: usize, valueLength: i32): void;
@external('env', 'fetch_function_name_length')
export declare function functionNameLength(): i32;
@external('env', 'fetch_function_name')
export declare function functionName(name: usize): void;
@external('env', 'fetch_args_length')
export declare function argsLength(): i32;
@external('env', 'fetch_args')
export declare function fetchArgs(args: usize): void;
