import { eprint } from './host';

/** Prints a line where the worker runs: for debugging on a worker of your own. Never print a secret. */
export function print(text: string): void {
  const bytes = String.UTF8.encode(text);
  eprint(changetype<usize>(bytes), bytes.byteLength);
}
