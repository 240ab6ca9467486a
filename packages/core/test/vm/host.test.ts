import { equalBytes, open, seal, utf8 } from '@enigma-worker/crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractStop } from '#vm/failure.js';
import type { HostContext } from '#vm/host/context.js';
import { decrypt } from '#vm/host/decrypt.js';
import { encrypt } from '#vm/host/encrypt.js';
import { eprint } from '#vm/host/eprint.js';
import { fetchArgsLength } from '#vm/host/fetch-args-length.js';
import { fetchArgs } from '#vm/host/fetch-args.js';
import { fetchFunctionNameLength } from '#vm/host/fetch-function-name-length.js';
import { fetchFunctionName } from '#vm/host/fetch-function-name.js';
import { gas } from '#vm/host/gas.js';
import { rand } from '#vm/host/rand.js';
import { readStateLen } from '#vm/host/read-state-len.js';
import { readState } from '#vm/host/read-state.js';
import { removeFromState } from '#vm/host/remove-from-state.js';
import { ret } from '#vm/host/ret.js';
import { writeEthBridge } from '#vm/host/write-eth-bridge.js';
import { writeState } from '#vm/host/write-state.js';
import { hostInCall, place } from './support/host.js';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function stopOf(act: () => unknown): ContractStop {
  try {
    act();
  } catch (error) {
    if (error instanceof ContractStop) return error;
    throw error;
  }
  throw new Error('expected the contract to be stopped');
}

/** Writes a state value through the host function. */
function write(
  host: HostContext,
  memory: Uint8Array,
  key: string | Uint8Array,
  value: string | Uint8Array,
): void {
  const [[keyAt, keyLength], [at, length]] = place(memory, 0, key, value) as [
    [number, number],
    [number, number],
  ];
  writeState(host, keyAt, keyLength, at, length);
}

/** Reads a state value through the two host functions. */
function read(host: HostContext, memory: Uint8Array, key: string | Uint8Array): string {
  const [[keyAt, keyLength]] = place(memory, 0, key) as [[number, number]];
  const length = readStateLen(host, keyAt, keyLength);
  readState(host, keyAt, keyLength, 70_000);
  return text(memory.subarray(70_000, 70_000 + length));
}

const roomy = { memoryBytes: 4 * 65_536 };

describe('write_state', () => {
  // Hand-computed: 10 + growth, or a refund of what the text shrank by.
  const prices: readonly [string, string | undefined, string, bigint, bigint][] = [
    ['a new key', undefined, '12345', 15n, 15n],
    ['an empty string', undefined, '""', 12n, 12n],
    ['the same length', '"abc"', '"xyz"', 10n, 10n],
    ['one byte longer', '"abc"', '"wxyz"', 11n, 11n],
    ['one byte shorter', '"abc"', '"ab"', 0n, 0n],
    ['null over a number', '123456', 'null', 0n, 0n],
    ['a text of several bytes a character', undefined, '"é€"', 17n, 17n],
    ['white space, which the contract pays for', undefined, ' [ 1 , 2 ] ', 21n, 21n],
  ];
  it.each(prices)('charges for %s', (_, before, value, charged, used) => {
    const { host, memory } = hostInCall({ state: new Map(before === undefined ? [] : [['k', before]]) });
    write(host, memory, 'k', value);
    expect(host.meter.charged).toBe(charged);
    expect(host.meter.used).toBe(used);
  });

  it('refunds what a text shrank by, but never more than was charged', () => {
    const { host, memory } = hostInCall({ state: new Map([['k', '"0123456789"']]) });
    gas(host, 100);
    write(host, memory, 'k', '1');
    expect(host.meter.charged).toBe(100n);
    expect(host.meter.used).toBe(100n - 11n);
    const poor = hostInCall({ state: new Map([['k', '"0123456789"']]) });
    write(poor.host, poor.memory, 'k', '1');
    expect(poor.host.meter.used).toBe(0n);
  });

  it('measures the old text as it would be read, not as it was written', () => {
    const { host, memory } = hostInCall();
    write(host, memory, 'k', '[ 1, 2 ]');
    expect(host.meter.charged).toBe(18n);
    write(host, memory, 'k', '[1,2]');
    expect(host.meter.charged).toBe(28n);
  });

  it('counts a removed key as missing', () => {
    const { host, memory } = hostInCall({ state: new Map([['k', '12345']]) });
    const [[at, length]] = place(memory, 0, 'k') as [[number, number]];
    removeFromState(host, at, length);
    expect(host.meter.charged).toBe(0n);
    write(host, memory, 'k', '12345');
    expect(host.meter.charged).toBe(15n);
  });

  it('reaches the limit exactly, and stops one below with the counter at the limit', () => {
    const enough = hostInCall({ gasLimit: 15n });
    write(enough.host, enough.memory, 'k', '12345');
    expect(enough.host.meter.used).toBe(15n);
    const short = hostInCall({ gasLimit: 14n });
    expect(stopOf(() => write(short.host, short.memory, 'k', '12345')).code).toBe('OUT_OF_GAS');
    expect(short.host.meter.charged).toBe(14n);
    expect(short.host.state.read('k')).toBeUndefined();
  });

  it.each([
    ['{"b":1, "a":{"d":2,"c":[]}}', '{"a":{"c":[],"d":2},"b":1}'],
    ['18446744073709551615', '18446744073709551615'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['[9007199254740993,1.0,1e21]', '[9007199254740993,1.0,1e21]'],
    ['{"a":1,"a":2}', '{"a":2}'],
    ['{"10":0,"9":0}', '{"10":0,"9":0}'],
    ['{"__proto__":{"x":1},"constructor":2}', '{"__proto__":{"x":1},"constructor":2}'],
    ['"\\u00e9"', '"é"'],
    ['['.repeat(64) + ']'.repeat(64), '['.repeat(64) + ']'.repeat(64)],
  ])('normalises %s', (value, normalised) => {
    const { host, memory } = hostInCall(roomy);
    write(host, memory, 'k', value);
    expect(read(host, memory, 'k')).toBe(normalised);
    expect(host.state.end()).toEqual(new Map([['k', normalised]]));
  });

  it.each(['', '{', '[1,]', '{"a"}', 'NaN', "'a'", '1 2', '"\\ud800"', '['.repeat(100_000), '01', '"\n"'])(
    'stops at text that is not JSON (%#)',
    (value) => {
      const { host, memory } = hostInCall(roomy);
      const stopped = stopOf(() => write(host, memory, 'k', value));
      expect(stopped.code).toBe('TRAP');
      expect(stopped.message).toMatch(/^write_state: the value is not JSON: /);
    },
  );

  it('stops at a value that is not UTF-8', () => {
    const { host, memory } = hostInCall();
    const stopped = stopOf(() => write(host, memory, 'k', new Uint8Array([0x22, 0xff, 0x22])));
    expect(stopped.message).toMatch(/^write_state: the value is not JSON: /);
  });

  it.each([['__proto__'], ['constructor'], [''], ['k'.repeat(65_536)], ['ключ'], ['a/b~c']])(
    'takes the key %#',
    (key) => {
      const { host, memory } = hostInCall({ memoryBytes: 5 * 65_536 });
      write(host, memory, key, '7');
      expect(host.state.read(key)).toBe('7');
      expect([...host.state.end().keys()]).toEqual([key]);
      expect(({} as Record<string, unknown>)['7']).toBeUndefined();
    },
  );

  it('takes a key that is not UTF-8 for the empty key', () => {
    const { host, memory } = hostInCall(roomy);
    write(host, memory, new Uint8Array([0xff, 0xfe]), '7');
    expect(read(host, memory, '')).toBe('7');
    expect(read(host, memory, new Uint8Array([0xc3]))).toBe('7');
  });

  it('keeps a byte order mark as part of a key', () => {
    const { host, memory } = hostInCall();
    write(host, memory, '\ufeffk', '7');
    expect(host.state.read('\ufeffk')).toBe('7');
    expect(host.state.read('k')).toBeUndefined();
  });

  it('names the limit that a key, a value, or all writes together exceed', () => {
    const limits = { stateKeyBytes: 4, stateValueBytes: 8, stateWriteBytes: 20 };
    const { host, memory } = hostInCall({ limits });
    expect(stopOf(() => write(host, memory, 'abcde', '1')).message).toBe(
      'a state key has 5 bytes, at most 4 are allowed',
    );
    expect(stopOf(() => write(host, memory, 'k', '123456789')).message).toBe(
      'write_state: the value has 9 bytes, at most 8 are allowed',
    );
    for (const key of ['a', 'b']) write(host, memory, key, '12345678');
    write(host, memory, 'b', '87654321');
    expect(stopOf(() => write(host, memory, 'c', '12')).message).toBe(
      'a call may leave at most 20 bytes of state written',
    );
  });
});

describe('read_state', () => {
  it('reads null where there is no key', () => {
    const { host, memory } = hostInCall(roomy);
    expect(readStateLen(host, 0, 0)).toBe(4);
    expect(read(host, memory, 'nothing')).toBe('null');
  });

  it('reads what was there, then what was written, then null again', () => {
    const { host, memory } = hostInCall({ ...roomy, state: new Map([['k', '"é"']]) });
    expect(read(host, memory, 'k')).toBe('"é"');
    write(host, memory, 'k', '2');
    expect(read(host, memory, 'k')).toBe('2');
    removeFromState(host, 0, 1);
    expect(read(host, memory, 'k')).toBe('null');
    expect(host.state.end()).toEqual(new Map([['k', undefined]]));
  });

  it('writes what is read into memory byte for byte, and marks it', () => {
    const { host, memory } = hostInCall({ ...roomy, state: new Map([['k', '[1,2]']]) });
    place(memory, 0, 'k');
    readState(host, 0, 1, 131_070);
    expect(text(memory.subarray(131_070, 131_075))).toBe('[1,2]');
    expect([host.memory.isDirty(0), host.memory.isDirty(1), host.memory.isDirty(2)]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('remove_from_state', () => {
  it('leaves no trace of a key that was never there', () => {
    const { host, memory } = hostInCall();
    write(host, memory, 'k', '1');
    removeFromState(host, 0, 1);
    removeFromState(host, 5, 3);
    expect(host.state.end()).toEqual(new Map());
  });
});

describe('ret', () => {
  it('keeps the last result, as it was at the call', () => {
    const { host, memory } = hostInCall();
    memory.set([1, 2, 3, 4]);
    ret(host, 0, 2);
    ret(host, 1, 3);
    memory.fill(9);
    expect(host.result).toEqual(new Uint8Array([2, 3, 4]));
    ret(host, 0, 0);
    expect(host.result).toEqual(new Uint8Array(0));
  });

  it('names the limit that a result exceeds', () => {
    const { host } = hostInCall({ limits: { resultBytes: 10 } });
    expect(stopOf(() => ret(host, 0, 11)).message).toBe(
      'ret: the result has 11 bytes, at most 10 are allowed',
    );
  });
});

describe('inputs', () => {
  it('gives the name of the function in UTF-8, and the arguments', () => {
    const { host, memory } = hostInCall({ functionName: 'zähle', args: new Uint8Array([7, 8]) });
    expect(fetchFunctionNameLength(host)).toBe(6);
    fetchFunctionName(host, 10);
    expect(text(memory.subarray(10, 16))).toBe('zähle');
    expect(fetchArgsLength(host)).toBe(2);
    fetchArgs(host, 100);
    expect(memory.subarray(99, 103)).toEqual(new Uint8Array([0, 7, 8, 0]));
  });
});

describe('write_eth_bridge', () => {
  it('keeps the last call', () => {
    const { host, memory } = hostInCall();
    memory.fill(0xaa, 0, 20);
    memory.fill(0xbb, 20, 40);
    writeEthBridge(host, 100, 5, 0);
    expect(host.ethereum?.payload).toEqual(new Uint8Array(5));
    writeEthBridge(host, 0, 1, 20);
    memory.fill(0);
    expect(host.ethereum).toEqual({
      payload: new Uint8Array([0xaa]),
      address: new Uint8Array(20).fill(0xbb),
    });
  });

  it('names the limit that a payload exceeds', () => {
    const { host } = hostInCall({ limits: { ethereumPayloadBytes: 10 } });
    expect(stopOf(() => writeEthBridge(host, 0, 11, 0)).message).toBe(
      'write_eth_bridge: the payload has 11 bytes, at most 10 are allowed',
    );
  });
});

describe('eprint', () => {
  it('reaches nobody but a given sink', () => {
    const said: string[] = [];
    const { host, memory } = hostInCall({ print: (line) => said.push(line) });
    place(memory, 0, 'hello');
    eprint(host, 0, 5);
    expect(said).toEqual(['hello']);
    eprint(hostInCall().host, 0, 5);
  });
});

describe('gas', () => {
  it('charges an unsigned amount', () => {
    const { host } = hostInCall({ gasLimit: 2n ** 64n - 1n });
    gas(host, -1);
    expect(host.meter.charged).toBe(2n ** 32n - 1n);
  });
});

describe('rand', () => {
  it('draws other bytes for each call, and the same for a repeated one', () => {
    const { host, memory } = hostInCall({ memoryBytes: 3 * 65_536 });
    rand(host, 0, 70_000);
    rand(host, 100_000, 32);
    const first = memory.slice();
    memory.fill(0);
    host.random.rewind();
    rand(host, 0, 70_000);
    rand(host, 100_000, 32);
    expect(equalBytes(memory, first)).toBe(true);
    host.random.renew();
    rand(host, 100_000, 32);
    expect(memory.subarray(100_000, 100_032)).not.toEqual(first.subarray(100_000, 100_032));
  });
});

describe('encrypt and decrypt', () => {
  const key = new Uint8Array(32).fill(7);

  it('makes an envelope that opens, and opens it', () => {
    const { host, memory } = hostInCall();
    memory.set(key, 0);
    memory.set(utf8('secret'), 100);
    encrypt(host, 100, 6, 0, 200);
    const envelope = memory.slice(200, 200 + 34);
    expect(text(open(key, envelope))).toBe('secret');
    decrypt(host, 200, 34, 0, 300);
    expect(text(memory.subarray(300, 307))).toBe('secret\0');
  });

  it('makes the same envelope again in a repeated call', () => {
    const { host, memory } = hostInCall();
    encrypt(host, 100, 6, 0, 200);
    host.random.rewind();
    encrypt(host, 100, 6, 0, 300);
    expect(memory.subarray(200, 234)).toEqual(memory.subarray(300, 334));
    encrypt(host, 100, 6, 0, 300);
    expect(memory.subarray(200, 234)).not.toEqual(memory.subarray(300, 334));
  });

  it('may overlap its input', () => {
    const { host, memory } = hostInCall();
    memory.set(utf8('overlap'), 100);
    encrypt(host, 100, 7, 0, 90);
    decrypt(host, 90, 35, 0, 80);
    expect(text(memory.subarray(80, 87))).toBe('overlap');
    const sealed = seal(new Uint8Array(32), utf8('x'));
    memory.set(sealed, 0);
    memory.fill(0, 1000, 1032);
    decrypt(host, 0, sealed.length, 1000, 0);
    expect(memory[0]).toBe(0x78);
  });

  it.each([0, 5, 12, 27, 28, 40])('stops at an envelope of %i bytes that does not open', (length) => {
    const { host } = hostInCall();
    const stopped = stopOf(() => decrypt(host, 0, length, 0, 100));
    expect(stopped.code).toBe('TRAP');
    expect(stopped.message).toMatch(/^decrypt: /);
  });
});

describe('pointers', () => {
  const size = 65_536;
  type Act = (host: HostContext, pointer: number, length: number) => unknown;
  const acts: readonly [string, Act, number?][] = [
    ['ret', ret],
    ['write_state key', (host, p, l) => writeState(host, p, l, 0, 1)],
    ['write_state value', (host, p, l) => writeState(host, 0, 1, p, l)],
    ['read_state_len', readStateLen],
    ['read_state key', (host, p, l) => readState(host, p, l, 0)],
    ['read_state destination', (host, p) => readState(host, 0, 1, p), 4],
    ['remove_from_state', removeFromState],
    ['eprint', eprint],
    ['fetch_function_name', (host, p) => fetchFunctionName(host, p), 4],
    ['fetch_args', (host, p) => fetchArgs(host, p), 32],
    ['write_eth_bridge payload', (host, p, l) => writeEthBridge(host, p, l, 0)],
    ['write_eth_bridge address', (host, p) => writeEthBridge(host, 0, 0, p), 20],
    ['rand', rand],
    ['encrypt message', (host, p, l) => encrypt(host, p, l, 0, 0)],
    ['encrypt key', (host, p) => encrypt(host, 0, 1, p, 0), 32],
    ['encrypt destination', (host, p) => encrypt(host, 0, 4, 0, p), 32],
    ['decrypt envelope', (host, p, l) => decrypt(host, p, l, 0, 0)],
    ['decrypt key', (host, p) => decrypt(host, 0, 40, p, 0), 32],
    ['decrypt destination', (host, p) => decrypt(host, 1000, 40, 0, p), 12],
  ];
  const start = (): { host: HostContext; memory: Uint8Array } => {
    const fixture = hostInCall({ memoryBytes: size, functionName: 'name', args: new Uint8Array(32) });
    fixture.memory.set(seal(new Uint8Array(32), new Uint8Array(12)), 1000);
    return fixture;
  };

  it.each(acts)('%s stops outside of memory, and changes nothing', (_, act, length = 8) => {
    for (const [pointer, bytes] of [
      [size - length + 1, length],
      [size, length],
      [size + 1, length],
      [-1, length],
      [-length, length],
      [-(2 ** 31), length],
      [2 ** 31 - 1, length],
      ...(act.length === 3 ? ([[0, -1], [1, size], [-1, -1], [size + 1, 0]] as const) : []), // prettier-ignore
    ] as const) {
      const { host, memory } = start();
      const before = memory.slice();
      expect(stopOf(() => act(host, pointer, bytes)).message).toBe('memory access out of bounds');
      expect(equalBytes(memory, before)).toBe(true);
      expect(host.result.length).toBe(0);
      expect(host.ethereum).toBeUndefined();
      expect(host.state.end().size).toBe(0);
    }
  });

  it('marks exactly the chunks that are written', () => {
    fc.assert(
      fc.property(fc.nat(8 * 131_072 - 1), fc.nat(3 * 131_072), (pointer, wanted) => {
        const { host, memory } = hostInCall({ memoryBytes: 8 * 131_072 });
        const length = Math.min(wanted, memory.length - pointer);
        host.memory.write(pointer, length).fill(1);
        for (let chunk = 0; chunk < 8; chunk++) {
          const written = memory.subarray(chunk * 131_072, (chunk + 1) * 131_072).includes(1);
          expect(host.memory.isDirty(chunk)).toBe(written);
        }
      }),
      { numRuns: 50 },
    );
  });
});
