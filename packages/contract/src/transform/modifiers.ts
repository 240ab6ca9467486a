import * as compiler from 'assemblyscript';

type Modifier = 'Abstract' | 'Static' | 'Private' | 'Protected' | 'Get' | 'Set' | 'Constructor' | 'Readonly';

// The compiler declares its flags as a const enum, which a module compiled on its own cannot use; the values are there at run time.
const FLAGS = (compiler as unknown as { readonly CommonFlags: Readonly<Record<Modifier, number>> })
  .CommonFlags;

/** Whether a declaration has one of the modifiers. */
export function has(declaration: { readonly flags: number }, ...modifiers: readonly Modifier[]): boolean {
  return modifiers.some((modifier) => (declaration.flags & FLAGS[modifier]) !== 0);
}
