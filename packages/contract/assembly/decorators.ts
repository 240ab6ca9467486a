/**
 * Marks that the contract compiler reads and takes out before AssemblyScript sees them; declared so that editors know them.
 */

/** The class that is the contract: its constructor runs at deployment, its public methods can be called. */
export function contract(target: object): void {}

/** A field that lives in the encrypted state of the contract. */
export function state(target: object): void {}

/** A method that only reads: writing state and calling Ethereum revert, and the interface file says `view`. */
export function view(target: object): void {}

/** A class whose fields, in order, are a Solidity tuple. */
export function struct(target: object): void {}

/** The interface of an Ethereum contract: calling a method asks for that call when the task is settled. */
export function ethereum(target: object): void {}
