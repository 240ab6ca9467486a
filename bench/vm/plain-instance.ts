/** A contract that can be called again and again, and what it returned last. */
export interface Runner {
  run(): Uint8Array;
}

/** As good as none, and as any limit above 2^31 a number that V8 keeps on its heap where a host function counts. */
export const GAS_LIMIT = 10n ** 15n;
/** What V8 still keeps as a small integer: a host counts it in about half the time. */
export const SMALL_GAS_LIMIT = 2n ** 31n - 1n;

const text = new TextEncoder();

/**
 * Instantiates a contract with the few host functions that the kernels import, in their shortest form: the same for
 * whatever is compared.
 *
 * @param size of the memory, in pages: what the code imports
 * @param begin runs before each call
 * @param gasLimit of each call, if the code calls `gas` to be metered
 */
export function runner(
  code: Uint8Array<ArrayBuffer>,
  size: { readonly initial: number; readonly maximum: number },
  begin: (exports: WebAssembly.Exports) => void = () => undefined,
  gasLimit = GAS_LIMIT,
): Runner {
  const memory = new WebAssembly.Memory(size);
  const bytes = (pointer: number, length: number): Uint8Array =>
    new Uint8Array(memory.buffer, pointer, length);
  const balance = text.encode('1234567890123456');
  let result = new Uint8Array();
  let gasLeft = 0;
  const env = {
    memory,
    ret: (pointer: number, length: number) => {
      result = bytes(pointer, length).slice();
    },
    gas: (amount: number) => {
      gasLeft -= amount;
      if (gasLeft < 0) throw new RangeError('out of gas');
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
      gasLeft = Number(gasLimit);
      begin(exports);
      call();
      return result;
    },
  };
}
