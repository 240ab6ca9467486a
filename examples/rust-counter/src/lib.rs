//! A counter whose value nobody sees but who asks: the smallest secret contract in Rust, on the host functions alone.
//!
//! Functions: `construct(uint256)`, `add(uint256)`, and `total() returns (uint256)`. Only the low 64 bits count.
#![no_std]

use core::panic::PanicInfo;

// The host functions of docs/protocol.md, "Host functions". All numbers are byte offsets and lengths.
#[link(wasm_import_module = "env")]
extern "C" {
    fn ret(result: *const u8, length: i32);
    fn eprint(text: *const u8, length: i32);
    fn write_state(key: *const u8, key_length: i32, value: *const u8, value_length: i32);
    fn read_state(key: *const u8, key_length: i32, value: *mut u8);
    fn read_state_len(key: *const u8, key_length: i32) -> i32;
    fn fetch_function_name_length() -> i32;
    fn fetch_function_name(name: *mut u8);
    fn fetch_args_length() -> i32;
    fn fetch_args(arguments: *mut u8);
}

const COUNT: &[u8] = b"count";

/// Runs once, when the contract is deployed.
#[no_mangle]
pub extern "C" fn deploy() {
    write_count(argument());
}

/// Runs at every call.
#[no_mangle]
pub extern "C" fn call() {
    let mut name = [0u8; 16];
    let length = unsafe { fetch_function_name_length() } as usize;
    if length > name.len() {
        revert(b"revert: no such function");
    }
    unsafe { fetch_function_name(name.as_mut_ptr()) };
    match &name[..length] {
        b"add" => match read_count().checked_add(argument()) {
            Some(count) => write_count(count),
            None => revert(b"revert: the count is full"),
        },
        b"total" => answer(read_count()),
        _ => revert(b"revert: no such function"),
    }
}

/// The one argument of the function, a `uint256` in Solidity's ABI.
fn argument() -> u64 {
    let mut word = [0u8; 32];
    if unsafe { fetch_args_length() } != 32 {
        revert(b"revert: one argument is needed");
    }
    unsafe { fetch_args(word.as_mut_ptr()) };
    let (high, low) = word.split_at(24);
    if high.iter().any(|byte| *byte != 0) {
        revert(b"revert: the number is too large");
    }
    low.iter().fold(0, |value, byte| value << 8 | *byte as u64)
}

fn answer(value: u64) {
    let mut word = [0u8; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    unsafe { ret(word.as_ptr(), 32) };
}

/// The count, which stands in the state as a JSON number.
fn read_count() -> u64 {
    let mut text = [0u8; 20];
    let length = unsafe { read_state_len(COUNT.as_ptr(), COUNT.len() as i32) } as usize;
    if length > text.len() {
        revert(b"revert: state holds another type");
    }
    unsafe { read_state(COUNT.as_ptr(), COUNT.len() as i32, text.as_mut_ptr()) };
    text[..length].iter().fold(0, |value, digit| value * 10 + (digit - b'0') as u64)
}

fn write_count(mut value: u64) {
    let mut text = [0u8; 20];
    let mut start = text.len();
    loop {
        start -= 1;
        text[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    let digits = &text[start..];
    unsafe { write_state(COUNT.as_ptr(), COUNT.len() as i32, digits.as_ptr(), digits.len() as i32) };
}

/// Ends the call. A line that begins with `revert: ` is what the caller reads, and nobody else.
fn revert(reason: &[u8]) -> ! {
    unsafe { eprint(reason.as_ptr(), reason.len() as i32) };
    core::arch::wasm32::unreachable()
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
