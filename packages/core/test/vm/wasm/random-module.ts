/** Numbers from a seed: the same seed gives the same module, so that fast-check can shrink and repeat. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  /** From 0 to `sides` - 1. */
  roll(sides: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % sides;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.roll(items.length)] as Item;
  }
}

type Type = 'i32' | 'i64' | 'f64';

const types: readonly Type[] = ['i32', 'i64', 'f64'];

const binaryOperators: Record<Type, readonly string[]> = {
  i32: ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_u', 'rotl', 'lt_s', 'eq', 'div_u', 'rem_s'],
  i64: ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'rotr', 'div_s', 'rem_u'],
  f64: ['add', 'sub', 'mul', 'min', 'max', 'copysign'],
};

const conversions: Record<Type, readonly (readonly [string, Type])[]> = {
  i32: [
    ['i32.wrap_i64', 'i64'],
    ['i32.trunc_sat_f64_s', 'f64'],
    ['i64.eqz', 'i64'],
    ['i32.extend8_s', 'i32'],
  ],
  i64: [
    ['i64.extend_i32_u', 'i32'],
    ['i64.extend_i32_s', 'i32'],
    ['i64.trunc_sat_f64_u', 'f64'],
    ['i64.popcnt', 'i64'],
  ],
  f64: [
    ['f64.convert_i32_s', 'i32'],
    ['f64.convert_i64_u', 'i64'],
    ['f64.floor', 'f64'],
  ],
};

const loads: Record<Type, readonly string[]> = {
  i32: ['i32.load', 'i32.load8_u', 'i32.load16_s'],
  i64: ['i64.load', 'i64.load32_u', 'i64.load8_s'],
  f64: ['f64.load'],
};

const stores: Record<Type, readonly string[]> = {
  i32: ['i32.store', 'i32.store8', 'i32.store16'],
  i64: ['i64.store', 'i64.store32', 'i64.store8'],
  f64: ['f64.store'],
};

interface Scope {
  /** Types of the locals, parameters first. */
  readonly locals: readonly Type[];
  /** Labels that may be branched to, with what they take. */
  readonly labels: readonly { readonly name: string; readonly takes?: Type }[];
  readonly result?: Type;
  /** Loops around, with what says whether one may come round once more; only in modules with jumps. */
  readonly loops: readonly { readonly name: string; readonly again: string }[];
  /** Number of the function: it calls only those after it, so that everything ends. */
  readonly index: number;
}

const functionCount = 5;

/**
 * A valid contract in text form, different for each seed. It ends, it may trap, and it shows what it computes.
 * @param jumps whether it also goes on with outer loops from inside of inner ones, and comes round by tables
 */
export function randomModule(seed: number, jumps = false): string {
  return new Generator(new Dice(seed), jumps).module();
}

class Generator {
  readonly #dice: Dice;
  #names = 0;
  /** Loops of the function at hand. */
  #counters = 0;
  readonly #signatures: { readonly parameters: readonly Type[]; readonly result: Type }[];
  /** Only some modules grow their memory: those that do not are metered in another way. */
  readonly #grows: boolean;
  readonly #wild: boolean;
  readonly #jumps: boolean;

  constructor(dice: Dice, jumps: boolean) {
    this.#dice = dice;
    this.#jumps = jumps;
    this.#grows = dice.roll(2) === 0;
    this.#wild = dice.roll(4) === 0;
    this.#signatures = Array.from({ length: functionCount }, () => ({
      parameters: Array.from({ length: dice.roll(4) }, () => dice.pick(types)),
      result: dice.pick(types),
    }));
  }

  module(): string {
    const functions = this.#signatures.map((signature, index) => this.#function(signature, index));
    const show = this.#signatures.map(({ parameters, result }, index) => {
      const values = parameters.map((type) => this.#constant(type));
      return `(call $show (i32.const ${index}) ${toI32(result, `(call $f${index} ${values.join(' ')})`)})`;
    });
    return `(module
      (import "env" "ret" (func $show (param i32 i32)))
      (import "env" "fetch_args_length" (func $ask (result i32)))
      (memory 17)
      (table 4 funcref) (elem (i32.const 0) $leaf $f${functionCount - 1} $ask)
      (type $leafType (func (param i32) (result i32))) (type $askType (func (result i32)))
      (global $g32 (mut i32) (i32.const 77)) (global $g64 (mut i64) (i64.const -3)) (global $gf (mut f64) (f64.const 0.5))
      (data (i32.const 1000) "some data to read") (data (i32.const 131070) "across a chunk")
      (func $leaf (param i32) (result i32) (i32.add (local.get 0) (global.get $g32)))
      ${functions.join('\n')}
      (func (export "call") ${show.join(' ')} (call $show (global.get $g32) ${toI32('i64', '(global.get $g64)')})))`;
  }

  #function({ parameters, result }: { parameters: readonly Type[]; result: Type }, index: number): string {
    const extra = Array.from({ length: 2 + this.#dice.roll(3) }, () => this.#dice.pick(types));
    const scope: Scope = { locals: [...parameters, ...extra], labels: [], loops: [], result, index };
    const list = (word: string, items: readonly Type[]): string =>
      items.map((type) => `(${word} ${type})`).join(' ');
    this.#counters = 0;
    const body = `${this.#statements(scope, 4)} ${this.#value(result, scope, 3)}`;
    const counters = Array.from({ length: this.#counters }, (_, counter) => `(local $c${counter} i32)`).join(
      ' ',
    );
    return `(func $f${index} ${list('param', parameters)} (result ${result}) ${list('local', extra)} ${counters} ${body})`;
  }

  #statements(scope: Scope, depth: number): string {
    return Array.from({ length: 1 + this.#dice.roll(4) }, () => this.#statement(scope, depth)).join('\n');
  }

  #statement(scope: Scope, depth: number): string {
    const dice = this.#dice;
    if (this.#jumps && scope.loops.length > 0 && dice.roll(4) === 0) return this.#jump(scope, depth);
    const kind = dice.roll(depth > 0 ? 16 : 5);
    const type = dice.pick(types);
    switch (kind) {
      case 0:
      case 1: {
        const index = dice.roll(scope.locals.length);
        return `(local.set ${index} ${this.#value(scope.locals[index] as Type, scope, depth)})`;
      }
      case 2:
      case 3:
        return this.#store(type, scope, depth);
      case 4:
        return `(global.set ${{ i32: '$g32', i64: '$g64', f64: '$gf' }[type]} ${this.#value(type, scope, depth)})`;
      case 5:
        return `(drop ${this.#value(type, scope, depth)})`;
      case 6:
      case 7: {
        const condition = this.#value('i32', scope, depth - 1);
        const otherwise = dice.roll(2) === 0 ? `(else ${this.#statements(scope, depth - 1)})` : '';
        return `(if ${condition} (then ${this.#statements(scope, depth - 1)}) ${otherwise})`;
      }
      case 8: {
        const name = this.#name();
        const inner = { ...scope, labels: [...scope.labels, { name }] };
        return `(block ${name} ${this.#statements(inner, depth - 1)})`;
      }
      case 9:
      case 10:
        return this.#loop(scope, depth);
      case 11:
        return this.#branch(scope, depth);
      case 12: {
        const plain = scope.labels.filter((label) => label.takes === undefined).map((label) => label.name);
        if (plain.length === 0) return '(nop)';
        const targets = Array.from({ length: 1 + dice.roll(4) }, () => dice.pick(plain));
        return `(block (br_table ${targets.join(' ')} ${this.#value('i32', scope, depth - 1)}))`.replace(
          /^/,
          '',
        );
      }
      case 13:
        return `(if ${this.#value('i32', scope, 1)} (then (return ${this.#value(scope.result ?? 'i32', scope, 1)})))`;
      case 14:
        return dice.roll(2) === 0
          ? `(memory.fill ${this.#address(scope)} (i32.const 9) (i32.const ${dice.roll(300)}))`
          : `(memory.copy ${this.#address(scope)} ${this.#address(scope)} (i32.const ${dice.roll(300)}))`;
      default:
        return `(call $show (i32.const ${dice.roll(100)}) ${toI32(type, this.#value(type, scope, depth - 1))})`;
    }
  }

  #store(type: Type, scope: Scope, depth: number): string {
    const offset = this.#dice.roll(3) === 0 ? ` offset=${this.#dice.roll(5000)}` : '';
    return `(${this.#dice.pick(stores[type])}${offset} ${this.#address(scope)} ${this.#value(type, scope, depth - 1)})`;
  }

  /** A loop that comes round a few times, by a counter that nothing else in the function touches. */
  #loop(scope: Scope, depth: number): string {
    const name = this.#name();
    const counter = `$c${this.#counters}`;
    this.#counters += 1;
    const again = `(i32.lt_u (local.get ${counter}) (i32.const ${2 + this.#dice.roll(3)}))`;
    const inner = this.#jumps ? { ...scope, loops: [...scope.loops, { name, again }] } : scope;
    return `(local.set ${counter} (i32.const 0)) (loop ${name}
      (local.set ${counter} (i32.add (local.get ${counter}) (i32.const 1)))
      ${this.#statements(inner, depth - 2)} ${this.#back(name, again)})`;
  }

  #back(name: string, again: string): string {
    const kind = this.#dice.roll(2);
    if (this.#jumps && this.#dice.roll(2) === 0) return this.#byTable(name, again);
    return kind === 0 ? `(br_if ${name} ${again})` : `(if ${again} (then (br ${name})))`;
  }

  #byTable(loop: string, again: string): string {
    const out = this.#name();
    return `(block ${out} (br_table ${out} ${loop} ${again}))`;
  }

  /** Goes on with one of the loops around, perhaps. */
  #jump(scope: Scope, depth: number): string {
    const { name, again } = this.#dice.pick(scope.loops);
    const maybe = `(i32.and ${again} ${this.#value('i32', scope, depth - 1)})`;
    switch (this.#dice.roll(3)) {
      case 0:
        return this.#byTable(name, `(i32.eq ${maybe} (i32.const 1))`);
      case 1:
        return `(if ${maybe} (then (br ${name})))`;
      default:
        return `(br_if ${name} ${maybe})`;
    }
  }

  #branch(scope: Scope, depth: number): string {
    if (scope.labels.length === 0) return '(nop)';
    const { name, takes } = this.#dice.pick(scope.labels);
    const condition = this.#value('i32', scope, depth - 1);
    if (takes === undefined) {
      return this.#dice.roll(2) === 0
        ? `(br_if ${name} ${condition})`
        : `(if ${condition} (then (br ${name})))`;
    }
    return `(drop (br_if ${name} ${this.#value(takes, scope, 1)} ${condition}))`;
  }

  #value(type: Type, scope: Scope, depth: number): string {
    const dice = this.#dice;
    const kind = dice.roll(depth > 0 ? 13 : 3);
    switch (kind) {
      case 0:
        return this.#constant(type);
      case 1:
      case 2: {
        const known = scope.locals
          .map((local, index) => ({ local, index }))
          .filter(({ local }) => local === type);
        return known.length === 0 ? this.#constant(type) : `(local.get ${dice.pick(known).index})`;
      }
      case 3:
        return `(global.get ${{ i32: '$g32', i64: '$g64', f64: '$gf' }[type]})`;
      case 4:
      case 5:
        return `(${type}.${dice.pick(binaryOperators[type])} ${this.#value(type, scope, depth - 1)} ${this.#value(type, scope, depth - 1)})`;
      case 6: {
        const [operator, from] = dice.pick(conversions[type]);
        return `(${operator} ${this.#value(from, scope, depth - 1)})`;
      }
      case 7:
        return `(${dice.pick(loads[type])} ${this.#address(scope)})`;
      case 8: {
        const name = this.#name();
        const inner = { ...scope, labels: [...scope.labels, { name, takes: type }] };
        return `(block ${name} (result ${type}) ${this.#statements(inner, depth - 2)} ${this.#value(type, inner, depth - 1)})`;
      }
      case 9:
        return `(if (result ${type}) ${this.#value('i32', scope, depth - 1)}
          (then ${this.#value(type, scope, depth - 1)}) (else ${this.#value(type, scope, depth - 1)}))`;
      case 10:
        return this.#call(type, scope, depth);
      case 11:
        if (type !== 'i32')
          return `(select ${this.#constant(type)} ${this.#value(type, scope, 1)} ${this.#value('i32', scope, 1)})`;
        if (this.#grows && dice.roll(3) === 0) return `(memory.grow (i32.const ${dice.roll(4)}))`;
        return '(memory.size)';
      default:
        if (type !== 'i32') return this.#constant(type);
        // The third element is a host function, the fourth is null, and the second has another type.
        if (dice.roll(3) === 0) return `(call_indirect (type $askType) (i32.const 2))`;
        return `(call_indirect (type $leafType) ${this.#value('i32', scope, depth - 1)} (i32.const ${this.#wild ? this.#element() : 0}))`;
    }
  }

  /** An element of the table, or none, but never the function at hand: without end it would use up V8's own stack. */
  #element(): number {
    const element = this.#dice.roll(5);
    const last = this.#signatures.at(-1);
    const calls = last?.parameters.join() === 'i32' && last.result === 'i32';
    return element === 1 && calls ? 0 : element;
  }

  #call(type: Type, scope: Scope, depth: number): string {
    const later = this.#signatures
      .map((signature, index) => ({ ...signature, index }))
      .filter(({ result, index }) => index > scope.index && result === type);
    if (later.length === 0) return type === 'i32' ? '(call $ask)' : this.#constant(type);
    const { parameters, index } = this.#dice.pick(later);
    return `(call $f${index} ${parameters.map((parameter) => this.#value(parameter, scope, depth - 2)).join(' ')})`;
  }

  /** Mostly an address in memory, also at the seams of chunks and in what may have grown; in wild modules any. */
  #address(scope: Scope): string {
    const dice = this.#dice;
    const wild = this.#wild && dice.roll(12) === 0;
    if (wild)
      return dice.roll(2) === 0 ? this.#value('i32', scope, 1) : `(i32.const ${7_864_000 + dice.roll(1000)})`;
    const bases = [0, 2000, 131_068, 262_140, 1_048_570, 7_860_000];
    if (this.#grows && dice.roll(6) === 0) return `(i32.const ${7_864_310 + dice.roll(70_000)})`;
    return `(i32.add (i32.const ${dice.pick(bases)}) (i32.and ${this.#value('i32', scope, 1)} (i32.const 1023)))`;
  }

  #constant(type: Type): string {
    const dice = this.#dice;
    if (type === 'f64') return `(f64.const ${dice.pick(['0', '-1.5', '3e10', '0.1', 'inf'])})`;
    return `(${type}.const ${dice.pick([0, 1, 2, -1, 7, 255, 65_536, 2_147_483_647, -2_147_483_648])})`;
  }

  #name(): string {
    this.#names += 1;
    return `$l${this.#names}`;
  }
}

/** Something of a value that does not depend on which NaN it is. */
function toI32(type: Type, value: string): string {
  if (type === 'i32') return value;
  return type === 'i64' ? `(i32.wrap_i64 ${value})` : `(i32.trunc_sat_f64_s ${value})`;
}
