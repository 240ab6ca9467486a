import { numberToHex, zeroAddress } from 'viem';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CompiledContract, compileContract } from '@enigma-worker/contract';
import { Harness } from './harness.js';
import { compileText } from './sources.js';

const SOURCE = `
import { contract, state, view, u256, i256, Address, Bytes4, StateMap, StateList, struct, print, require } from '@enigma-worker/contract/assembly';

const STEP: u256 = u256.from(3);

@struct class Pair { left: u32; right: string; }

@contract export class Store {
  @state count: u32 = 7;
  @state name: string = 'nobody';
  @state big: u256;
  @state debt: i256;
  @state flag: bool;
  @state pair: Pair;
  @state numbers: u64[];
  @state byName: StateMap<string, u32>;
  @state byNumber: StateMap<u256, u32>;
  @state bySigned: StateMap<i32, u32>;
  @state byBytes: StateMap<Bytes4, u32>;
  @state grid: StateMap<Address, StateMap<u8, bool>>;
  @state rows: StateMap<u8, StateList<string>>;
  @state list: StateList<Pair>;
  static readonly LIMIT: u32 = 9;

  constructor(name: string) { if (name.length) this.name = name; }

  step(): u256 { this.big = this.big + STEP; return this.big; }
  bump(): u32 { this.count++; this.count += 2; return this.count; }
  owe(amount: i256): void { this.debt = amount; }
  setPair(left: u32, right: string): void { const pair = this.pair; pair.left = left; pair.right = right; this.pair = pair; }
  @view getPair(): Pair { return this.pair; }
  setNumbers(numbers: u64[]): void { this.numbers = numbers; }
  @view getNumbers(): u64[] { return this.numbers; }
  setKeys(name: string, number: u256, signed: i32, bytes: Bytes4): void {
    this.byName[name] = 1; this.byNumber[number] = 2; this.bySigned[signed] = 3; this.byBytes[bytes] = 4;
  }
  @view nameKnown(name: string): bool { return this.byName.has(name); }
  forget(name: string): void { this.byName.delete(name); }
  mark(who: Address, where: u8): void { this.grid[who][where] = true; }
  @view marked(who: Address, where: u8): bool { return this.grid[who][where]; }
  addRow(row: u8, text: string): i32 { return this.rows[row].push(text); }
  @view row(row: u8): string[] { return this.rows[row].toArray(); }
  push(left: u32, right: string): void { const pair = new Pair(); pair.left = left; pair.right = right; this.list.push(pair); }
  pop(): Pair { return this.list.pop(); }
  replace(index: i32, right: string): void { const pair = this.list[index]; pair.right = right; this.list[index] = pair; }
  @view all(): Pair[] { return this.list.toArray(); }
  @view cheat(): void { this.count = 1; }
  @view limited(x: u32): u32 { require(x < Store.LIMIT, 'x is not below the limit'); return x; }
  fail(text: string): void { this.count = 99; throw new Error(text); }
  say(text: string): void { print(text); }
  hoard(): void { while (true) new Uint8Array(1000); }
  hoardAtOnce(): void { new Uint8Array(20000000); }
  private hidden(): void {}
  static helper(): void {}
}`;

describe('the state of a contract', () => {
  let compiled: CompiledContract;
  let contract: Harness;
  beforeAll(async () => {
    compiled = await compileText(SOURCE);
    contract = new Harness(compiled).deploy('');
  });

  it('begins with what the fields say, and with what the constructor does', () => {
    expect(contract.state).toEqual(
      new Map([
        ['count', '7'],
        ['name', '"nobody"'],
      ]),
    );
    expect(new Harness(compiled).deploy('so"me\n').state.get('name')).toBe(String.raw`"so\"me\n"`);
  });

  it('keeps values as plain JSON', () => {
    expect(contract.call('bump')).toBe(10);
    expect(contract.call('step')).toBe(3n);
    contract.call('owe', -1n);
    contract.call('setPair', 5, 'text');
    contract.call('setNumbers', [1n, 2n ** 64n - 1n]);
    expect(contract.state.get('count')).toBe('10');
    expect(contract.state.get('big')).toBe('"0x3"');
    expect(contract.state.get('debt')).toBe(`"0x${'f'.repeat(64)}"`);
    expect(contract.state.get('pair')).toBe('[5,"text"]');
    expect(contract.state.get('numbers')).toBe('[1,18446744073709551615]');
    expect(contract.call('getPair')).toEqual({ left: 5, right: 'text' });
    expect(contract.call('getNumbers')).toEqual([1n, 2n ** 64n - 1n]);
    contract.call('setNumbers', []);
    expect(contract.call('getNumbers')).toEqual([]);
  });

  it('has a place of its own for every key', () => {
    contract.call('setKeys', 'a.b/c~', 255n, -12, '0x01020304');
    expect(contract.state.get('byName.612e622f637e')).toBe('1');
    expect(contract.state.get('byNumber.ff')).toBe('2');
    expect(contract.state.get('bySigned.-12')).toBe('3');
    expect(contract.state.get('byBytes.01020304')).toBe('4');
    expect(contract.call('nameKnown', 'a.b/c~')).toBe(true);
    contract.call('forget', 'a.b/c~');
    expect(contract.call('nameKnown', 'a.b/c~')).toBe(false);
    contract.call('mark', zeroAddress, 3);
    expect(contract.call('marked', zeroAddress, 3)).toBe(true);
    expect(contract.call('marked', zeroAddress, 4)).toBe(false);
    expect(contract.state.get(`grid.${'0'.repeat(40)}.3`)).toBe('true');
    expect(contract.call('addRow', 1, 'one')).toBe(0);
    expect(contract.call('addRow', 1, 'two')).toBe(1);
    expect(contract.call('row', 1)).toEqual(['one', 'two']);
    expect(contract.call('row', 2)).toEqual([]);
  });

  it('grows and shrinks lists', () => {
    contract.call('push', 1, 'a');
    contract.call('push', 2, 'b');
    contract.call('replace', 1, 'c');
    expect(contract.call('all')).toEqual([
      { left: 1, right: 'a' },
      { left: 2, right: 'c' },
    ]);
    expect(contract.call('pop')).toEqual({ left: 2, right: 'c' });
    expect(contract.state.has('list.1')).toBe(false);
    expect(() => contract.call('replace', 1, 'x')).toThrow('revert: index out of range');
    contract.call('pop');
    expect(() => contract.call('pop')).toThrow('revert: index out of range');
  });

  it('undoes what a failed call did, and says why it failed', () => {
    const before = new Map(contract.state);
    expect(() => contract.call('fail', 'ärger')).toThrow(/^revert: ärger$/);
    expect(() => contract.call('limited', 9)).toThrow(/^revert: x is not below the limit$/);
    expect(contract.call('limited', 8)).toBe(8);
    expect(() => contract.call('cheat')).toThrow('revert: a view method writes state');
    expect(() => contract.run('call', 'nothing', new Uint8Array())).toThrow('revert: no function nothing');
    expect(() => contract.run('call', 'hidden', new Uint8Array())).toThrow('revert: no function hidden');
    expect(() => contract.call('hoard')).toThrow('revert: out of memory');
    expect(() => contract.call('hoardAtOnce')).toThrow('revert: out of memory');
    expect(contract.state).toEqual(before);
  });

  it('prints', () => {
    expect(contract.run('call', 'say', contract.encode('say', ['hello'])).prints).toEqual(['hello']);
  });

  it('refuses arguments that are not what the function takes', () => {
    const good = contract.encode('setPair', [1, 'text']);
    for (let length = 0; length < good.length; length++) {
      // The last bytes are padding of the text, which is there or is not.
      expect(() => contract.run('call', 'setPair', good.subarray(0, length)), `${length} bytes`).toThrow(
        'revert: arguments',
      );
    }
    const wide = good.slice();
    wide[27] = 1; // above 32 bits
    expect(() => contract.run('call', 'setPair', wide)).toThrow('revert: number out of range');
    const far = good.slice();
    far.fill(255, 32, 64); // an offset far outside
    expect(() => contract.run('call', 'setPair', far)).toThrow('revert: arguments');
    const dirty = contract.encode('mark', [zeroAddress, 1]);
    dirty[0] = 1; // above the address
    expect(() => contract.run('call', 'mark', dirty)).toThrow('revert: arguments');
    const long = contract.encode('setNumbers', [[1n]]);
    long.set(numberToBytes(2n ** 31n), 32); // more items than there are bytes
    expect(() => contract.run('call', 'setNumbers', long)).toThrow('revert: arguments');
  });
});

describe('a field that is changed in place', () => {
  let compiled: CompiledContract;
  let contract: Harness;
  beforeAll(async () => {
    const source = `
import { contract, state, struct, view, callEthereum, Address, StateMap, u256, Fixed2, EthereumContract, ethereum } from '@enigma-worker/contract/assembly';
@struct class Leaf { name: string; amounts: u256[]; }
@struct class Tree { leaves: Leaf[]; mark: Uint8Array; }
@ethereum class Target extends EthereumContract { ping(): void {} }
@contract export class Changing {
  @state nums: u32[] = [1];
  @state tree: Tree;
  @state bytes: Uint8Array;
  @state pair: Fixed2<string>;
  @state map: StateMap<u8, u32[]>;
  constructor() { this.nums.push(2); this.pair[1] = 'a\\n\\t"\\u0001'; }
  push(x: u32): i32 { this.nums.push(x); return this.nums.length; }
  grow(): void {
    const leaf = new Leaf();
    leaf.amounts.push(u256.from(7));
    this.tree.leaves.push(leaf);
    this.tree.leaves[0].name += 'x';
    this.tree.mark = this.bytes;
  }
  setBytes(): void { const bytes = new Uint8Array(2); this.bytes = bytes; bytes[1] = 5; }
  replace(): void { this.nums.push(9); this.nums = [4]; this.nums.push(5); }
  look(): i32 { return this.nums.length + this.tree.leaves.length + this.bytes.length + this.pair.length; }
  copy(): void { this.map[1].push(1); }
  @view cheat(): void { this.nums = []; }
  @view read(): Tree { return this.tree; }
  @view call(): void { callEthereum(new Address(), new Uint8Array(4)); }
  @view ping(): void { new Target(new Address()).ping(); }
}`;
    compiled = await compileText(source);
    contract = new Harness(compiled).deploy();
  });

  it('is kept as the call leaves it', () => {
    expect(contract.state).toEqual(
      new Map([
        ['nums', '[1,2]'],
        ['pair', String.raw`["","a\n\t\"\u0001"]`],
      ]),
    );
    expect(contract.call('push', 3)).toBe(3);
    expect(contract.call('push', 4)).toBe(4);
    contract.call('setBytes');
    contract.call('grow');
    contract.call('grow');
    const leaf = { name: '', amounts: [7n] };
    expect(contract.call('read')).toEqual({ leaves: [{ ...leaf, name: 'xx' }, leaf], mark: '0x0005' });
    contract.call('replace');
    expect(contract.state.get('nums')).toBe('[4,5]');
  });

  it('is not written when it is only read, and values of a map are copies', () => {
    const fresh = new Harness(compiled).deploy();
    const before = new Map(fresh.state);
    expect(fresh.call('look')).toBe(4);
    for (const name of ['look', 'copy']) {
      expect(fresh.run('call', name, new Uint8Array()).writes).toEqual([]);
    }
    expect(fresh.state).toEqual(before);
  });

  it('reverts when a view sets it, or calls Ethereum', () => {
    expect(() => contract.call('cheat')).toThrow('revert: a view method writes state');
    expect(() => contract.call('call')).toThrow('revert: a view method calls Ethereum');
    expect(() => contract.call('ping')).toThrow('revert: a view method calls Ethereum');
  });
});

describe('a state that was never set', () => {
  it('reads as zero, false or empty, whatever its type and its names', async () => {
    const files: Record<string, string> = {
      'main.ts': `import { contract, state, view, struct, StateMap, StateList, Fixed2, Fixed3, u256 } from '@enigma-worker/contract/assembly';
import { Names, Table, Colour } from './types';
@struct class Inner { rows: Fixed2<u256[]>; names: Names; }
@struct class Outer { inners: Fixed2<Inner>; last: Fixed3<bool>; }
@contract export class Empty {
  @state plain: Fixed3<u8>;
  @state deep: Fixed2<Fixed3<string>>;
  @state outer: Outer;
  @state maps: StateMap<u8, StateMap<string, Fixed2<Fixed3<u64>>>>;
  @state structs: StateMap<u8, Outer>;
  @state lists: StateMap<u8, StateList<Names>>;
  @state table: Table;
  @state colour: Colour;
  @state colours: StateMap<Colour, Colour[]>;
  @view getPlain(): Fixed3<u8> { return this.plain; }
  @view getDeep(): Fixed2<Fixed3<string>> { return this.deep; }
  @view getOuter(): Outer { return this.outer; }
  @view getMaps(): Fixed2<Fixed3<u64>> { return this.maps[1]['x']; }
  @view getStructs(): Outer { return this.structs[1]; }
  @view getTable(): Names { return this.table[1]; }
  @view getColours(): i32[] { return [this.colour, this.colours[Colour.Red].length]; }
  add(): Names[] { this.lists[1].push(['a', 'b']); return this.lists[1].toArray(); }
}`,
      'types/index.ts': `export * from './names';\nexport { Shade as Colour } from './shade';`,
      'types/names.ts': `import { Fixed2, StateMap } from '@enigma-worker/contract/assembly';
export type Names = Fixed2<string>;
export type Table = StateMap<u8, Names>;`,
      'types/shade.ts': 'export enum Shade { Red = 3, Blue }',
    };
    const contract = new Harness(
      await compileContract('main.ts', { read: async (path) => files[path] }),
    ).deploy();
    const inner = { rows: [[], []], names: ['', ''] };
    const outer = { inners: [inner, inner], last: [false, false, false] };
    expect(contract.call('getPlain')).toEqual([0, 0, 0]);
    expect(contract.call('getDeep')).toEqual([
      ['', '', ''],
      ['', '', ''],
    ]);
    expect(contract.call('getOuter')).toEqual(outer);
    expect(contract.call('getMaps')).toEqual([
      [0n, 0n, 0n],
      [0n, 0n, 0n],
    ]);
    expect(contract.call('getStructs')).toEqual(outer);
    expect(contract.call('getTable')).toEqual(['', '']);
    expect(contract.call('getColours')).toEqual([0, 0]);
    expect(contract.state).toEqual(new Map());
    expect(contract.call('add')).toEqual([['a', 'b']]);
  });

  it('reads as zeros where it is fixed bytes, in a field, a map, a struct and an array', async () => {
    const source = `import { contract, state, view, struct, StateMap, Fixed2, Address, Bytes4, Bytes32 } from '@enigma-worker/contract/assembly';
@struct class Owned { id: Bytes32; owner: Address; }
@contract export class Owners {
  @state owner: Address;
  @state ids: StateMap<u8, Bytes4>;
  @state owned: Owned;
  @state pair: Fixed2<Bytes32>;
  @view getOwner(): Address { return this.owner; }
  @view getId(): Bytes4 { return this.ids[1]; }
  @view getOwned(): Owned { return this.owned; }
  @view getNew(): Owned { return new Owned(); }
  @view getPair(): Fixed2<Bytes32> { return this.pair; }
  @view isFree(): bool { return this.owner.isZero && this.owner.length == 20 && this.owned.id == new Bytes32(); }
}`;
    const contract = new Harness(await compileText(source)).deploy();
    const zeros = (length: number) => `0x${'00'.repeat(length)}`;
    expect(contract.call('getOwner')).toBe(zeroAddress);
    expect(contract.call('getId')).toBe(zeros(4));
    expect(contract.call('getOwned')).toEqual({ id: zeros(32), owner: zeroAddress });
    expect(contract.call('getNew')).toEqual({ id: zeros(32), owner: zeroAddress });
    expect(contract.call('getPair')).toEqual([zeros(32), zeros(32)]);
    expect(contract.call('isFree')).toBe(true);
  });
});

function numberToBytes(value: bigint): Uint8Array {
  return Buffer.from(numberToHex(value, { size: 32 }).slice(2), 'hex');
}
