import { StateKey } from './key';

/** Many places of the state under one name. A call pays for the places it touches, however many there are. */
export abstract class StateCollection {
  protected readonly key: StateKey;

  constructor(name: usize, length: i32) {
    this.key = new StateKey(name, length);
  }
}
