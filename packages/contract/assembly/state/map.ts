import { StateCollection } from './collection';
import { isThere, readPlace, removePlace, writePlace } from './place';

/**
 * Values by key. Keys are integers, u256, strings, addresses and fixed bytes. The map does not know its keys: what has to be
 * listed belongs into a `StateList` as well. A value may itself be a collection.
 */
export class StateMap<K, V> extends StateCollection {
  constructor(name: usize, length: i32, lengths: u64 = 0) {
    super(name, length, lengths);
  }

  /** The value of a key; zero, false or nothing when it has none. */
  @operator('[]')
  get(key: K): V {
    const place = this.key.at<K>(key);
    if (isReference<V>()) {
      if (changetype<V>(0) instanceof StateCollection)
        return instantiate<V>(place.pointer, place.length, this.lengths);
    }
    return readPlace<V>(place, this.lengths);
  }

  @operator('[]=')
  set(key: K, value: V): void {
    onlyValues<V>();
    writePlace<V>(this.key.at<K>(key), value);
  }

  has(key: K): bool {
    onlyValues<V>();
    return isThere(this.key.at<K>(key));
  }

  delete(key: K): void {
    onlyValues<V>();
    removePlace(this.key.at<K>(key));
  }
}

/** An inner collection has no place of its own that could be written, found or removed: only its items have. */
@inline
function onlyValues<V>(): void {
  if (isReference<V>()) {
    if (changetype<V>(0) instanceof StateCollection)
      ERROR('a map of collections has neither set, has nor delete: use those of the inner collection');
  }
}
