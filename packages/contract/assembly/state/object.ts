import { readState, readStateLength, writeState } from '../host';
import { checkWrite } from '../viewing';
import { readJson, writeJson, zero } from './json';
import { JsonReader } from './json-reader';
import { JsonWriter } from './json-writer';
import { StateKey } from './key';
import { isNull } from './place';

/**
 * One field of the state that a contract can change in place: bytes, an array, a struct. It is read once a call, when it is
 * first asked for, and written when the call is through, if it was set or is no longer what was read.
 */
@final
export class StateObject<T> {
  private readonly key: StateKey;
  private known: bool = false;
  private kept!: T;
  /** The text that was read. */
  private text: usize = 0;
  /** -1 once the field was set. */
  private length: i32 = 0;

  constructor(name: usize, length: i32) {
    this.key = new StateKey(name, length);
  }

  /** @param lengths those of fixed arrays, for `zero` */
  read(lengths: u64): T {
    if (this.known) return this.kept;
    this.known = true;
    const key = this.key;
    this.length = readStateLength(key.pointer, key.length);
    this.text = heap.alloc(this.length);
    readState(key.pointer, key.length, this.text);
    if (isNull(this.text, this.length)) {
      this.kept = zero<T>(lengths);
      this.length = this.print();
    } else {
      this.kept = readJson<T>(new JsonReader(this.text, this.length));
    }
    return this.kept;
  }

  write(value: T): void {
    checkWrite();
    this.known = true;
    this.kept = value;
    this.length = -1;
  }

  /** Puts into the state what the call made of the field. */
  keep(): void {
    if (!this.known) return;
    const read = this.text;
    const readLength = this.length;
    const length = this.print();
    if (length == readLength && memory.compare(this.text, read, length) == 0) return;
    writeState(this.key.pointer, this.key.length, this.text, length);
  }

  /** Leaves the text of the present value in `text` and gives its length. */
  private print(): i32 {
    const writer = new JsonWriter();
    writeJson<T>(writer, this.kept);
    this.text = writer.pointer;
    return writer.length;
  }
}
