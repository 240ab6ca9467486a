import type { StateReader } from './call.js';
import { stop } from './failure.js';
import type { CallLimits } from './limits.js';

/** How many values are kept at hand: `read_state_len`, `read_state` and `write_state` mostly come for the same key. */
const kept = 64;

const noWrites: ReadonlyMap<string, undefined> = new Map();
const emptyState: StateReader = { read: () => undefined };

/** A contract's state during one call: what it wrote, over what was there before. */
export class StateJournal {
  readonly #limits: CallLimits;
  #known = new Map<string, string | undefined>();
  #reader = emptyState;
  #writes = new Map<string, string | undefined>();
  #bytes = 0;

  constructor(limits: CallLimits) {
    this.#limits = limits;
  }

  /** Begins a call on the state that `reader` gives. */
  begin(reader: StateReader): void {
    this.end();
    this.#reader = reader;
  }

  /** Ends the call and forgets everything; the writes belong to the caller from now on. */
  end(): ReadonlyMap<string, string | undefined> {
    const writes = this.#writes;
    // What is given out is never written again; a call that wrote nothing leaves its map to the next one.
    if (writes.size > 0) this.#writes = new Map();
    // A new map dies young; to clear an old one makes V8 allocate among the old objects, each time.
    if (this.#known.size > 0) this.#known = new Map();
    this.#reader = emptyState;
    this.#bytes = 0;
    return writes.size > 0 ? writes : noWrites;
  }

  /** The text of a key now; `undefined` when there is none. */
  read(key: string): string | undefined {
    return this.#writes.has(key) ? this.#writes.get(key) : this.#before(key);
  }

  /**
   * Sets the text of a key; `undefined` removes it.
   * @throws ContractStop when the call leaves more written than its limit
   */
  write(key: string, text: string | undefined): void {
    this.#forget(key);
    this.#bytes += size(key, text);
    const most = this.#limits.stateWriteBytes;
    if (this.#bytes > most) throw stop(`a call may leave at most ${most} bytes of state written`);
    this.#writes.set(key, text);
  }

  /**
   * Removes a key.
   * @throws ContractStop as {@link write}
   */
  remove(key: string): void {
    // To remove what was never there leaves no trace, so that it may be done for ever.
    if (this.#before(key) === undefined) this.#forget(key);
    else this.write(key, undefined);
  }

  #before(key: string): string | undefined {
    if (this.#known.has(key)) return this.#known.get(key);
    const text = this.#reader.read(key);
    if (this.#known.size >= kept) this.#known.clear();
    this.#known.set(key, text);
    return text;
  }

  #forget(key: string): void {
    if (!this.#writes.has(key)) return;
    this.#bytes -= size(key, this.#writes.get(key));
    this.#writes.delete(key);
  }
}

function size(key: string, text: string | undefined): number {
  return Buffer.byteLength(key) + (text === undefined ? 0 : Buffer.byteLength(text));
}
