/** A contract that can be called again and again, and what it returned last. */
export interface Runner {
  run(): Uint8Array;
}

const text = new TextEncoder();

/**
 * Instantiates a contract with the few host functions that the kernels import, in their shortest form: the same for
 * whatever is compared.
 *
 * @param size of the memory, in pages: what the code imports
 * @param begin runs before each call
 */
export function runner(
  code: Uint8Array<ArrayBuffer>,
  size: { readonly initial: number; readonly maximum: number },
  begin: (exports: WebAssembly.Exports) => void = () => undefined,
): Runner {
  const memory = new WebAssembly.Memory(size);
  const bytes = (pointer: number, length: number): Uint8Array =>
    new Uint8Array(memory.buffer, pointer, length);
  const balance = text.encode('1234567890123456');
  let result = new Uint8Array();
  let used = 0;
  const env = {
    memory,
    ret: (pointer: number, length: number) => {
      result = bytes(pointer, length).slice();
    },
    gas: (amount: number) => {
      used += amount;
      if (used > Number.MAX_SAFE_INTEGER) throw new RangeError('out of gas');
    },
    read_state_len: () => balance.length,
    read_state: (_key: number, _length: number, pointer: number) =>
      bytes(pointer, balance.length).set(balance),
    write_state: () => undefined,
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { env });
  const call = exports['call'] as () => void;
  return {
    run: () => {
      used = 0;
      begin(exports);
      call();
      return result;
    },
  };
}
