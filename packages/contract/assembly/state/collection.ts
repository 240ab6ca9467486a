import { StateKey } from './key';

/** Many places of the state under one name. A call pays for the places it touches, however many there are. */
export abstract class StateCollection {
  protected readonly key: StateKey;

  /** @param lengths those of fixed arrays as values, for `zero` */
  constructor(
    name: usize,
    length: i32,
    protected readonly lengths: u64,
  ) {
    this.key = new StateKey(name, length);
  }
}
