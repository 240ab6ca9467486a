import { toHex } from '@enigma-worker/crypto';
import { Refusal } from '../refusal.js';

/** A table longer than this is refused unread. */
const LONGEST_TABLE = 1 << 16;
const ENTRY_LENGTH = 24;
const MOST_ENTRIES = 16;

/** The identifiers of AMD's GHCB specification for the certificates that a verifier needs. */
const CERTIFICATES: ReadonlySet<string> = new Set([
  // VCEK
  '63da758de6644564adc5f4b93be8accd',
  // VLEK
  'a8074bc2a25a483eaae639c045a0b8a1',
  // ASK, and the ASVK of a host whose key is a VLEK: it has no identifier of its own
  '4ab7b379bbac4fe4a02f05aef327c782',
]);

/**
 * The VCEK, VLEK, ASK and ASVK certificates (DER) in the table that the host hands out with a report; what else is
 * in it is ignored, since nothing but the root of the policy is trusted. Identifiers are taken in
 * either byte order, because hosts differ.
 * @throws Refusal `MALFORMED` for a table whose offsets or lengths lie
 */
export function readCertificateTable(table: Uint8Array): Uint8Array[] {
  if (table.length > LONGEST_TABLE) throw new Refusal('MALFORMED', 'certificate table: too long');
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  const found: Uint8Array[] = [];
  for (let index = 0; index < MOST_ENTRIES; index++) {
    const start = index * ENTRY_LENGTH;
    if (start + ENTRY_LENGTH > table.length) throw new Refusal('MALFORMED', 'certificate table: cut short');
    const id = table.subarray(start, start + 16);
    if (id.every((byte) => byte === 0)) return found;
    const offset = view.getUint32(start + 16, true);
    const length = view.getUint32(start + 20, true);
    if (offset + length > table.length)
      throw new Refusal('MALFORMED', 'certificate table: an entry beyond its end');
    if (CERTIFICATES.has(toHex(id)) || CERTIFICATES.has(toHex(swapped(id)))) {
      found.push(table.slice(offset, offset + length));
    }
  }
  throw new Refusal('MALFORMED', 'certificate table: too many entries');
}

/** The other byte order of a GUID: its first three fields turned around. */
function swapped(id: Uint8Array): Uint8Array {
  return Uint8Array.of(...[3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map((index) => id[index]!));
}
