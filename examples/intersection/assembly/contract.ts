import { Bytes32, contract, require, state, StateList, StateMap, view } from '@enigma-worker/contract/assembly';

/**
 * Private set intersection: two parties find out what their sets have in common, and nothing about the rest. Each gives its set
 * once; the common items come out when both are in.
 */
@contract
export class Intersection {
  @state first: Bytes32;
  @state second: Bytes32;
  @state isFirstIn: bool;
  @state isSecondIn: bool;
  @state items: StateMap<Bytes32, bool>;
  @state common: StateList<Bytes32>;

  /** The two parties, each named by a secret of its own choice. */
  constructor(first: Bytes32, second: Bytes32) {
    require(first != second, 'the two parties are one');
    this.first = first;
    this.second = second;
  }

  /**
   * Gives the whole set of a party. The first set is kept; of the second one only what is common is.
   * @param items each once: hashes, or whatever fits 32 bytes
   */
  submit(party: Bytes32, items: Bytes32[]): void {
    if (party == this.first) {
      require(!this.isFirstIn, 'this party gave its set');
      this.isFirstIn = true;
    } else {
      require(party == this.second, 'an unknown party');
      require(!this.isSecondIn, 'this party gave its set');
      this.isSecondIn = true;
    }
    const isLast = this.isFirstIn && this.isSecondIn;
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (!isLast) {
        this.items[item] = true;
      } else if (this.items[item]) {
        this.items.delete(item);
        this.common.push(item);
      }
    }
  }

  /** What the sets have in common: only the parties may ask, and only when both sets are in. */
  @view intersection(party: Bytes32): Bytes32[] {
    require(party == this.first || party == this.second, 'an unknown party');
    require(this.isFirstIn && this.isSecondIn, 'a set is missing');
    return this.common.toArray();
  }
}
