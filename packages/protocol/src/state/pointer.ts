import { StateError } from './errors.js';

/** No pointer of a delta goes deeper: far beyond any state, and it bounds recursion. */
const MAX_POINTER_DEPTH = 1024;

/**
 * Splits a JSON pointer (RFC 6901) into its keys. A `~` that is no escape stands for itself, as in
 * deltas of the deployed system.
 * @throws StateError `INVALID_POINTER`
 */
export function parsePointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/'))
    throw new StateError('INVALID_POINTER', 'patch: a path is empty or begins with "/"');
  const keys = pointer.slice(1).split('/');
  if (keys.length > MAX_POINTER_DEPTH) {
    throw new StateError(
      'INVALID_POINTER',
      `patch: a path has at most ${MAX_POINTER_DEPTH} keys, got ${keys.length}`,
    );
  }
  if (!pointer.includes('~')) return keys;
  return keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer of a key below `parent`. */
export function childPointer(parent: string, key: string | number): string {
  return `${parent}/${typeof key === 'number' ? key : escapeKey(key)}`;
}

function escapeKey(key: string): string {
  return key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;
}
