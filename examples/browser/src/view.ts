import type { Receipt } from './auction.js';
import type { Exchange, Fields } from './wire.js';

type Child = Node | string;

/** Makes an element; texts are never read as HTML. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = '',
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

/** The element of the page with this id. */
export function byId<E extends HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

/** Terms and what they stand for. */
export function terms(entries: readonly (readonly [string, string])[]): Node[] {
  return entries.flatMap(([term, value]) => [element('dt', '', term), element('dd', 'hex', value)]);
}

/** One thing that somebody did: at the left what they know, at the right what everybody can see. */
export class Entry {
  readonly #inside = element('article', 'inside');
  readonly #outside = element('article', 'outside');

  constructor(title: string) {
    // Read out as it comes, unlike the wire: nobody wants to hear ciphertext.
    this.#inside.setAttribute('aria-live', 'polite');
    this.#inside.append(element('h3', '', title));
    byId('story').append(element('div', 'columns entry', this.#inside, this.#outside));
  }

  /** Adds what went over the wire. */
  add({ method, sent, received }: Exchange): void {
    this.#outside.append(
      element('h4', '', method),
      element('dl', 'sent', ...fields(sent)),
      element('dl', 'received', ...fields(received)),
    );
  }

  /** Says what came of it, in words. */
  tell(text: string): void {
    this.#inside.append(element('p', '', text));
  }

  succeed(receipt: Receipt, signer: string): void {
    const { delta, signature, usedGas, gasLimit } = receipt;
    const count = (value: bigint): string => value.toLocaleString('en');
    const details = element(
      'dl',
      'receipt',
      ...terms([
        ['signed by', signer],
        ['signature', hex(signature)],
        ['gas', `${count(usedGas)} of ${count(gasLimit)}`],
        ['delta', delta === undefined ? 'none: the state is as it was' : `${delta.key}: ${hex(delta.hash)}`],
      ]),
    );
    this.#inside.append(element('p', 'verified', '✓ receipt verified'), details);
  }

  fail(text: string, signed: boolean): void {
    this.#inside.append(element('p', 'failed', text));
    if (signed) this.#inside.append(element('p', 'verified', '✓ the failure is signed; only you read why'));
  }
}

/** Bytes as hex with `0x`. */
export function hex(bytes: Uint8Array): string {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

const LONGEST = 320;

function fields(all: Fields): Node[] {
  return terms(
    all.map(([name, value]) => [
      name,
      value.length <= LONGEST
        ? value
        : `${value.slice(0, LONGEST)}… ${value.length.toLocaleString('en')} characters`,
    ]),
  );
}
