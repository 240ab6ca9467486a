import { StateCollection } from './collection';
import { readPlace, removePlace, writePlace } from './place';
import { revert } from '../revert';

/** Values in a row, each in a place of its own; the length stands under the list's own name. */
export class StateList<T> extends StateCollection {
  constructor(name: usize, length: i32, lengths: u64 = 0) {
    super(name, length, lengths);
  }

  get length(): i32 {
    return readPlace<i32>(this.key);
  }

  @operator('[]')
  get(index: i32): T {
    this.check(index);
    return readPlace<T>(this.key.at<i32>(index));
  }

  @operator('[]=')
  set(index: i32, value: T): void {
    this.check(index);
    writePlace<T>(this.key.at<i32>(index), value);
  }

  /** Adds a value at the end and gives its index. */
  push(value: T): i32 {
    const index = this.length;
    writePlace<T>(this.key.at<i32>(index), value);
    writePlace<i32>(this.key, index + 1);
    return index;
  }

  /** Takes the last value off. */
  pop(): T {
    const index = this.length - 1;
    this.check(index);
    const place = this.key.at<i32>(index);
    const value = readPlace<T>(place);
    removePlace(place);
    writePlace<i32>(this.key, index);
    return value;
  }

  /** All values, read one by one. */
  toArray(): Array<T> {
    const length = this.length;
    const values = new Array<T>(length);
    for (let i = 0; i < length; i++) values[i] = readPlace<T>(this.key.at<i32>(i));
    return values;
  }

  private check(index: i32): void {
    if (<u32>index >= <u32>this.length) revert('index out of range');
  }
}
