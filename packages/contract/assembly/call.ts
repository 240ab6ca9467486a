import { functionName, functionNameLength } from './host';
import { revert } from './revert';

let name: usize = 0;
let nameLength: i32 = 0;

/** Fetches the name of the function that is called. */
export function fetchName(): void {
  nameLength = functionNameLength();
  name = heap.alloc(nameLength);
  functionName(name);
}

/** Whether the function that is called has this name. */
export function isCalled(candidate: usize, length: i32): bool {
  return nameLength == length && memory.compare(name, candidate, length) == 0;
}

/** The contract has no such function. */
export function unknownFunction(): void {
  revert('no function ' + String.UTF8.decodeUnsafe(name, nameLength));
}
