// Measures the deployed size and the gas of every example on the worker's engine, and writes the table of
// docs/writing-contracts.md. Keys and randomness are fixed, so the figures are the same everywhere.
//
//   node examples/measure.mjs           write the table
//   node examples/measure.mjs --check   fail when the table is not what is measured
import { readFileSync, writeFileSync } from 'node:fs';
import { Engine } from '@enigma-worker/core/tools';
import { keccak256 as hashBytes } from '@enigma-worker/crypto';
import {
  encodeAbiParameters,
  encodeFunctionData,
  hexToBytes,
  keccak256,
  numberToHex,
  stringToHex,
} from 'viem';
import { privateKeyToAccount, sign } from 'viem/accounts';

const DOCUMENT = new URL('../docs/writing-contracts.md', import.meta.url);
const BEGIN = '<!-- figures: written by examples/measure.mjs -->';
const END = '<!-- end of figures -->';

const word = (text) => keccak256(stringToHex(text));
// Fixed for the sake of the figures: they guard nothing.
const keys = [1n, 2n].map((key) => numberToHex(key, { size: 32 }));
const [alice, bob] = keys.map((key) => privateKeyToAccount(key));
const encode = (types, values) =>
  encodeAbiParameters(
    types.map((type) => ({ type })),
    values,
  );
const signHash = (key, message) => sign({ hash: keccak256(message), privateKey: key, to: 'hex' });
const signMessage = (account, message) => account.signMessage({ message: { raw: keccak256(message) } });

/** Code as the engine takes it. */
const codeOf = (bytes) => ({ hash: hashBytes(bytes), load: () => bytes });

/** A contract deployed on an engine of its own. */
class Deployed {
  constructor(example, name, args) {
    const file = (ending) => new URL(`${example}/build/${name}.${ending}`, import.meta.url);
    this.abi = JSON.parse(readFileSync(file('json'), 'utf8')).abi;
    this.engine = new Engine({ randomFill: (target) => target.fill(7) });
    this.state = new Map();
    const inputs = this.abi.find((item) => item.type === 'constructor').inputs;
    const outcome = this.run('deploy', 'construct', hexToBytes(encodeAbiParameters(inputs, args)), (call) =>
      this.engine.deploy(codeOf(new Uint8Array(readFileSync(file('wasm')))), call),
    );
    this.code = codeOf(outcome.result);
    this.rows = [[`\`${example}\``, outcome.result.length, 'deployment', outcome.usedGas]];
  }

  /** Calls a function; with a label its gas goes into the table. */
  call(functionName, args, label) {
    const encoded = hexToBytes(encodeFunctionData({ abi: this.abi, functionName, args })).subarray(4);
    const { usedGas } = this.run('compute', functionName, encoded, (call) =>
      this.engine.compute(this.code, call),
    );
    if (label) this.rows.push(['', '', label, usedGas]);
  }

  run(kind, functionName, args, go) {
    const state = { read: (key) => this.state.get(key) };
    const outcome = go({ kind, functionName, args, gasLimit: 1_000_000_000n, state });
    if (!outcome.ok) throw new Error(`${functionName}: ${outcome.message}`);
    for (const [key, text] of outcome.writes) {
      if (text === undefined) this.state.delete(key);
      else this.state.set(key, text);
    }
    return outcome;
  }
}

async function measure() {
  const rows = [];
  const add = (contract) => rows.push(...contract.rows);

  const millionaires = new Deployed('millionaires', 'millionaires', []);
  millionaires.call('addMillionaire', [word('a'), 10n ** 18n], '`addMillionaire`');
  for (let i = 1; i < 10; i++) millionaires.call('addMillionaire', [word(`${i}`), 10n ** 18n + BigInt(i)]);
  millionaires.call('computeRichest', [], '`computeRichest` of ten');
  add(millionaires);

  const auction = new Deployed('auction', 'auction', [word('seller'), 100n]);
  auction.call('bid', [word('a'), 10n ** 18n], '`bid`');
  for (let i = 1; i < 10; i++) auction.call('bid', [word(`${i}`), 10n ** 18n + BigInt(i)]);
  auction.call('close', [word('seller')], '`close`');
  auction.call('outcome', [], '`outcome` of ten bids');
  add(auction);

  const voting = new Deployed('voting', 'voting', [word('voting'), bob.address]);
  const ballot = await signHash(keys[0], encode(['bytes32', 'uint256', 'bool'], [word('voting'), 0n, true]));
  voting.call('castVote', [0n, true, ballot], '`castVote`, with its signature');
  voting.call('tallyPoll', [0n], '`tallyPoll` of one vote');
  add(voting);

  const token = new Deployed('token', 'private-token', [word('token'), alice.address, 10n ** 24n]);
  const types = ['bytes32', 'string', 'address', 'address', 'uint256', 'uint256'];
  const order = encode(types, [word('token'), 'transfer', alice.address, bob.address, 10n ** 18n, 0n]);
  const signature = await signMessage(alice, order);
  token.call(
    'transfer',
    [alice.address, bob.address, 10n ** 18n, signature],
    '`transfer`, with its signature',
  );
  token.call('totalSupply', [], '`totalSupply`');
  add(token);

  const coin = new Deployed('coin-flip', 'coin-flip', []);
  coin.call('flip', [word('round'), word('player'), true], '`flip`');
  add(coin);

  const mailbox = new Deployed('mailbox', 'mailbox', [word('mailbox')]);
  mailbox.call(
    'post',
    [alice.address, bob.address, 'A letter of one hundred characters. '.padEnd(100, '.')],
    '`post`, 100 characters',
  );
  const reading = await signHash(keys[1], encode(['bytes32', 'uint32'], [word('mailbox'), 0]));
  mailbox.call('take', [bob.address, reading], '`take`, with its signature');
  add(mailbox);

  const intersection = new Deployed('intersection', 'intersection', [word('a'), word('b')]);
  const set = (start) => Array.from({ length: 100 }, (_, i) => word(`item ${start + i}`));
  intersection.call('submit', [word('a'), set(0)], '`submit` of 100 items, first');
  intersection.call('submit', [word('b'), set(50)], '`submit` of 100 items, second');
  add(intersection);
  return rows;
}

const rows = await measure();
const number = (value) => value.toLocaleString('en-US');
const table = [
  '| example | exe code, bytes | call | gas |',
  '|---|---|---|---|',
  ...rows.map(
    ([example, size, label, gas]) => `| ${example} | ${size && number(size)} | ${label} | ${number(gas)} |`,
  ),
].join('\n');
const text = readFileSync(DOCUMENT, 'utf8');
const [before, after] = [text.split(BEGIN)[0], text.split(END)[1]];
const updated = `${before}${BEGIN}\n${table}\n${END}${after}`;
if (process.argv.includes('--check')) {
  if (updated !== text) {
    console.error('the table of docs/writing-contracts.md is old; run node examples/measure.mjs');
    process.exitCode = 1;
  }
} else {
  writeFileSync(DOCUMENT, updated);
  console.log(table);
}
