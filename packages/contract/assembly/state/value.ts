import { readPlace, writePlace } from './place';
import { StateKey } from './key';

/** One field of the state whose values never change. It is read once a call, when it is first asked for; setting it writes at once. */
@final
export class StateValue<T> {
  private readonly key: StateKey;
  private known: bool = false;
  private kept!: T;

  constructor(name: usize, length: i32) {
    this.key = new StateKey(name, length);
  }

  /** @param lengths those of fixed arrays, for `zero` */
  read(lengths: u64): T {
    if (!this.known) {
      this.kept = readPlace<T>(this.key, lengths);
      this.known = true;
    }
    return this.kept;
  }

  write(value: T): void {
    writePlace<T>(this.key, value);
    this.kept = value;
    this.known = true;
  }
}
