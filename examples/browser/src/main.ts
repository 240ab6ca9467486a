import { createClient, http, TaskFailedError, type EnigmaClient } from '@enigma-worker/sdk';
import { bid, close, openAuction, outcome, type Receipt, type Secret } from './auction.js';
import { byId, element, Entry, hex, terms } from './view.js';
import { tappedFetch } from './wire.js';

const query = new URLSearchParams(location.search);
const gateway = query.get('gateway') ?? 'http://127.0.0.1:3000';
const newSecret = (): Secret => hex(crypto.getRandomValues(new Uint8Array(32))) as Secret;

/** Who knows which secret. They live as long as this page. */
const seller = newSecret();
const people = ['Alice', 'Bob', 'Carol'].map((name) => ({ name, secret: newSecret() }));

/** The worker's address: pinned by whoever made the link, or that of the worker that answers first. */
let worker = query.get('worker') ?? undefined;
let auction = '';

/** Does something as somebody, and tells on the page what they see and what the wire sees. */
async function act<R extends Receipt>(
  title: string,
  run: (client: EnigmaClient) => Promise<R>,
): Promise<{ readonly result: R; readonly entry: Entry } | undefined> {
  const entry = new Entry(title);
  let client: EnigmaClient | undefined;
  try {
    const transport = http(gateway, { fetch: tappedFetch((exchange) => entry.add(exchange)) });
    client = createClient({ transport, ...(worker !== undefined && { worker }) });
    const result = await run(client);
    worker = hex(await client.workerAddress());
    entry.succeed(result, worker);
    showConnection();
    return { result, entry };
  } catch (error) {
    entry.fail(error instanceof Error ? error.message : String(error), error instanceof TaskFailedError);
    return undefined;
  } finally {
    await client?.close();
  }
}

function showConnection(): void {
  const pinned = query.has('worker') ? '' : ' (trusted because it answered first)';
  byId('connection').replaceChildren(
    ...terms([
      ['gateway', gateway],
      ['worker', worker === undefined ? 'not asked yet' : `${worker}${pinned}`],
      ['auction', auction === '' ? 'none yet' : auction],
    ]),
  );
}

/** Goes to the auction that the address of the page names, if it names one. */
function follow(): void {
  const address = location.hash.slice(1);
  if (/^(0x)?[\da-f]{64}$/i.test(address)) enter(address);
}

function enter(address: string): void {
  auction = address.replace(/^0x/, '').toLowerCase();
  history.replaceState(null, '', `#${auction}`);
  byId('open').hidden = true;
  byId('people').hidden = false;
  byId('ending').hidden = false;
  byId('outcome').textContent = '';
  showConnection();
}

/** Runs `work` when a form is sent or a button pressed, with its buttons out of reach meanwhile. */
function on(target: HTMLFormElement | HTMLButtonElement, work: () => Promise<unknown>): void {
  const buttons = target instanceof HTMLFormElement ? target.querySelectorAll('button') : [target];
  target.addEventListener(target instanceof HTMLFormElement ? 'submit' : 'click', (event) => {
    event.preventDefault();
    for (const button of buttons) button.disabled = true;
    void work().finally(() => {
      for (const button of buttons) button.disabled = false;
    });
  });
}

for (const { name, secret } of people) {
  const amount = element('input');
  Object.assign(amount, { inputMode: 'numeric', pattern: '\\d+', required: true, placeholder: 'amount' });
  amount.setAttribute('aria-label', `${name}'s bid`);
  const known = element('details', '', element('summary', '', 'secret'), element('code', 'hex', secret));
  const form = element('form', 'panel', element('h2', '', name), amount, element('button', '', 'Bid'), known);
  form.dataset['person'] = name;
  on(form, () =>
    act(`${name} bids ${amount.value}`, (client) => bid(client, auction, secret, BigInt(amount.value))),
  );
  byId('people').append(form);
}

const deploy = byId<HTMLFormElement>('deploy');
on(deploy, async () => {
  const reserve = BigInt(new FormData(deploy).get('reserve') as string);
  const done = await act(`The seller opens an auction with a reserve of ${reserve}`, (client) =>
    openAuction(client, seller, reserve),
  );
  if (done !== undefined) enter(done.result.address);
});

const join = byId<HTMLFormElement>('join');
on(join, () => Promise.resolve(enter(new FormData(join).get('address') as string)));

on(byId<HTMLButtonElement>('close'), () =>
  act('The seller closes the auction', (client) => close(client, auction, seller)),
);

on(byId<HTMLButtonElement>('ask'), async () => {
  const done = await act('Somebody asks who won', (client) => outcome(client, auction));
  if (done === undefined) return;
  const { winner, price } = done.result;
  const name = people.find(({ secret }) => secret === winner)?.name ?? winner;
  done.entry.tell(`${name} wins and pays ${price}. No other amount has come out.`);
  byId('outcome').textContent = `${name} wins and pays ${price}`;
});

addEventListener('hashchange', follow);
showConnection();
follow();
