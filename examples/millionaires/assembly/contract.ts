import { Bytes32, contract, state, StateList, StateMap, u256, view } from '@enigma-worker/contract/assembly';

/** Who has the largest fortune, without anybody learning how large any fortune is. */
@contract
export class Millionaires {
  /** Everybody who ever took part, in order. */
  @state names: StateList<Bytes32>;
  @state fortunes: StateMap<Bytes32, u256>;

  /**
   * Adds a person, or changes what somebody owns.
   * @param name any 32 bytes that stand for the person
   * @param worth the fortune
   */
  addMillionaire(name: Bytes32, worth: u256): void {
    if (!this.fortunes.has(name)) this.names.push(name);
    this.fortunes[name] = worth;
  }

  /**
   * @returns the name of the richest; of equals, the one who came first; zero when there is nobody
   */
  @view computeRichest(): Bytes32 {
    let richest = new Bytes32();
    let most = u256.Zero;
    const names = this.names.toArray();
    for (let i = 0; i < names.length; i++) {
      const worth = this.fortunes[names[i]];
      if (worth > most) {
        most = worth;
        richest = names[i];
      }
    }
    return richest;
  }
}
