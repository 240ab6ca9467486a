import {
  Address,
  Bytes32,
  contract,
  hashMessage,
  keccak256,
  recoverAddress,
  require,
  state,
  StateMap,
  struct,
  u256,
  view,
} from '@enigma-worker/contract/assembly';

/** What an owner signs to move tokens, or to let somebody move them. */
@struct
export class Order {
  /** The token's own id, so that an order for one token is none for another. */
  token: Bytes32;
  /** `transfer`, `approve` or `transferFrom`. */
  kind: string;
  owner: Address;
  other: Address;
  amount: u256;
  /** How many orders the signer has given before. */
  nonce: u256;
}

/** What a holder signs to see a balance. */
@struct
export class Question {
  token: Bytes32;
  kind: string;
  nonce: u256;
}

/**
 * A token whose balances, allowances and transfers nobody sees but those they concern. There is no sender on Enigma: whoever
 * moves tokens signs an order with an Ethereum account, as a wallet signs a message, and the signature says who it is.
 */
@contract
export class PrivateToken {
  @state token: Bytes32;
  @state totalSupply_: u256;
  @state balances: StateMap<Address, u256>;
  @state allowances: StateMap<Address, StateMap<Address, u256>>;
  @state nonces: StateMap<Address, u256>;

  /**
   * @param token an id of its own for the token: it goes into everything that is signed
   * @param holder who gets all tokens at first
   */
  constructor(token: Bytes32, holder: Address, supply: u256) {
    this.token = token;
    this.totalSupply_ = supply;
    this.balances[holder] = supply;
  }

  @view totalSupply(): u256 {
    return this.totalSupply_;
  }

  /** How many orders an account has given: the nonce of its next one. It says that an account is active, and no more. */
  @view nonceOf(account: Address): u256 {
    return this.nonces[account];
  }

  /**
   * What the signer owns.
   * @param signature over the question `balance` with the signer's present nonce
   */
  @view balance(account: Address, signature: Uint8Array): u256 {
    this.checkQuestion('balance', account, signature);
    return this.balances[account];
  }

  /** What `spender` may still take from `owner`: both may ask. */
  @view allowance(owner: Address, spender: Address, asker: Address, signature: Uint8Array): u256 {
    require(asker == owner || asker == spender, 'only owner and spender may ask');
    this.checkQuestion('allowance', asker, signature);
    return this.allowances[owner][spender];
  }

  /** Moves tokens of the owner who signed. */
  transfer(owner: Address, to: Address, amount: u256, signature: Uint8Array): void {
    this.checkOrder('transfer', owner, owner, to, amount, signature);
    this.move(owner, to, amount);
  }

  /** Lets a spender take up to an amount from the owner who signed. */
  approve(owner: Address, spender: Address, amount: u256, signature: Uint8Array): void {
    this.checkOrder('approve', owner, owner, spender, amount, signature);
    this.allowances[owner][spender] = amount;
  }

  /** Takes tokens of an owner who approved; the spender signs. The tokens go to the spender. */
  transferFrom(owner: Address, spender: Address, amount: u256, signature: Uint8Array): void {
    this.checkOrder('transferFrom', spender, owner, spender, amount, signature);
    const allowed = this.allowances[owner][spender];
    require(amount <= allowed, 'the allowance is smaller');
    this.allowances[owner][spender] = allowed - amount;
    this.move(owner, spender, amount);
  }

  private move(from: Address, to: Address, amount: u256): void {
    const balance = this.balances[from];
    require(amount <= balance, 'the balance is smaller');
    this.balances[from] = balance - amount;
    this.balances[to] = this.balances[to] + amount;
  }

  private checkOrder(kind: string, signer: Address, owner: Address, other: Address, amount: u256, signature: Uint8Array): void {
    const order = new Order();
    order.token = this.token;
    order.kind = kind;
    order.owner = owner;
    order.other = other;
    order.amount = amount;
    order.nonce = this.nonces[signer];
    this.checkSigner(order.toAbi(), signer, signature);
    this.nonces[signer] = order.nonce + u256.One;
  }

  private checkQuestion(kind: string, signer: Address, signature: Uint8Array): void {
    const question = new Question();
    question.token = this.token;
    question.kind = kind;
    question.nonce = this.nonces[signer];
    this.checkSigner(question.toAbi(), signer, signature);
  }

  private checkSigner(message: Uint8Array, signer: Address, signature: Uint8Array): void {
    const hash = hashMessage(keccak256(message).toBytes());
    require(recoverAddress(hash, signature) == signer, 'the signature is not by that account');
  }
}
