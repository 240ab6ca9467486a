/** What `status` says of a write. */
export function statusOf(stored: boolean): 0 | -1 {
  return stored ? 0 : -1;
}
