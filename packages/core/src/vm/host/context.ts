import { fromUtf8 } from '@enigma-worker/crypto';
import type { Call, EthereumCall } from '../call.js';
import { stop } from '../failure.js';
import { GuestMemory } from '../guest-memory.js';
import { StateJournal } from '../journal.js';
import type { CallLimits } from '../limits.js';
import { Meter } from '../meter.js';
import { Randomness } from '../randomness.js';

/** Where `eprint` goes. What contracts print may be secret: there is no such place unless a developer asks for one. */
export type PrintSink = (text: string) => void;

/** What a {@link HostContext} is made of. */
export interface HostOptions {
  readonly limits: CallLimits;
  readonly print?: PrintSink | undefined;
  /** Where random seeds come from, instead of the system's generator. */
  readonly randomFill?: ((target: Uint8Array) => void) | undefined;
}

const encoder = new TextEncoder();
const nothing: Uint8Array = new Uint8Array(0);

/**
 * All that a running contract can reach: the host functions take it as their first argument, and hold nothing
 * themselves. There is one for each engine, filled anew for each call.
 */
export class HostContext {
  readonly limits: CallLimits;
  readonly memory = new GuestMemory();
  readonly meter = new Meter();
  readonly state: StateJournal;
  readonly random: Randomness;
  /** Name of the called function. */
  functionName = '';
  /** ABI-encoded arguments. */
  args: Uint8Array = nothing;
  /** What `ret` was given last. */
  result: Uint8Array = nothing;
  /** What `write_eth_bridge` was given last. */
  ethereum: EthereumCall | undefined;
  /** What the last printed line says is the reason of a revert; see `eprint`. */
  revertReason: string | undefined;
  /** Where `eprint` goes; absent while a call is repeated, for it has printed already. */
  print: PrintSink | undefined;
  readonly #print: PrintSink | undefined;

  constructor(options: HostOptions) {
    this.limits = options.limits;
    this.state = new StateJournal(options.limits);
    this.random = new Randomness(options.randomFill);
    this.#print = options.print;
  }

  /**
   * Begins a call. One that is `repeated` sees the randomness of the last call again and prints nothing.
   * Memory and meter begin with the instance that runs it.
   */
  begin(call: Call, repeated: boolean): void {
    this.functionName = call.functionName;
    this.args = call.args;
    this.result = nothing;
    this.ethereum = undefined;
    this.revertReason = undefined;
    this.state.begin(call.state);
    if (repeated) this.random.rewind();
    else this.random.renew();
    this.print = repeated ? undefined : this.#print;
  }

  /** Forgets the last call. */
  clear(): void {
    this.functionName = '';
    this.args = nothing;
    this.result = nothing;
    this.ethereum = undefined;
    this.revertReason = undefined;
    this.state.end();
    this.random.renew();
  }

  /**
   * Writes a text to memory in UTF-8.
   * @throws ContractStop when it does not fit
   */
  writeText(pointer: number, text: string): void {
    encoder.encodeInto(text, this.memory.write(pointer, Buffer.byteLength(text)));
  }

  /**
   * The state key at a place in memory; bytes that are not UTF-8 count as the empty key.
   * @throws ContractStop when it lies outside of memory or is longer than the limit
   */
  stateKey(pointer: number, length: number): string {
    const bytes = this.memory.read(pointer, length);
    const most = this.limits.stateKeyBytes;
    if (bytes.length > most) throw stop(`a state key has ${bytes.length} bytes, at most ${most} are allowed`);
    try {
      return fromUtf8(bytes);
    } catch (error) {
      // Deep in a contract the machine's stack may end here: that says nothing of the key.
      if (!(error instanceof TypeError)) throw error;
      return '';
    }
  }
}
