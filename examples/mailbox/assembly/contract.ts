import {
  Address,
  Bytes32,
  contract,
  decrypt,
  encrypt,
  keccak256,
  randomFixed,
  recoverAddress,
  require,
  state,
  StateList,
  StateMap,
  struct,
  view,
} from '@enigma-worker/contract/assembly';

/** What the owner of a box signs to read it. */
@struct
export class Reading {
  /** The id of the mailboxes, so that a signature for one deployment is none for another. */
  box: Bytes32;
  /** How many letters the reader has read before. */
  position: u32;
}

/** A letter as it comes out of a box. */
@struct
export class Letter {
  sender: Address;
  text: string;
}

/**
 * Mailboxes. Anybody posts a letter to an account; only that account takes it out, by a signature. Not even how many letters an
 * account has can be seen. The letters are sealed once more with a key that only the contract knows, as a contract does that
 * hands its data to a public place; here it shows how.
 */
@contract
export class Mailbox {
  @state box: Bytes32;
  @state key: Bytes32;
  @state boxes: StateMap<Address, StateList<Uint8Array>>;
  @state senders: StateMap<Address, StateList<Address>>;
  @state positions: StateMap<Address, u32>;

  /** @param box an id of its own for these mailboxes: it goes into everything that is signed */
  constructor(box: Bytes32) {
    this.box = box;
    this.key = randomFixed<Bytes32>();
  }

  /**
   * Posts a letter.
   * @param sender whom the reader may answer: it is not checked
   */
  post(sender: Address, reader: Address, text: string): void {
    require(text.length > 0, 'an empty letter');
    this.boxes[reader].push(encrypt(Uint8Array.wrap(String.UTF8.encode(text)), this.key));
    this.senders[reader].push(sender);
  }

  /**
   * Takes out the next letter.
   * @param signature the reader's, over the hash of the ABI-encoded id of the mailboxes and the number of letters read before
   */
  take(reader: Address, signature: Uint8Array): Letter {
    const position = this.positions[reader];
    const reading = new Reading();
    reading.box = this.box;
    reading.position = position;
    require(recoverAddress(keccak256(reading.toAbi()), signature) == reader, 'the signature is not by that account');
    const box = this.boxes[reader];
    require(<i32>position < box.length, 'the box is empty');
    const letter = new Letter();
    letter.sender = this.senders[reader][position];
    letter.text = String.UTF8.decode(decrypt(box[position], this.key).buffer);
    this.positions[reader] = position + 1;
    return letter;
  }
}
