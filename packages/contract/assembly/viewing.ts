import { revert } from './revert';

let viewing: bool = false;

/** From here on, what a call would leave behind reverts: it is of a method that promised only to read. */
export function forbidEffects(): void {
  viewing = true;
}

export function checkWrite(): void {
  if (viewing) revert('a view method writes state');
}

export function checkEthereum(): void {
  if (viewing) revert('a view method calls Ethereum');
}
