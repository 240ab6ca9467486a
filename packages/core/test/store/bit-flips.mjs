// Flips bits of a store, one at a time, and reads every sealed value after each: a program of its own, since a
// damaged page may end it. argv: the folder, the number of the first flip. In: the plan as JSON. Out: a line for each.
import { openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openStoreReader } from '#store/reader.js';

const [folder, first] = process.argv.slice(2);
let text = '';
for await (const chunk of process.stdin) text += chunk;
const { flips, stateId, values, absent } = JSON.parse(text);
const bytes = (hex) => new Uint8Array(Buffer.from(hex, 'hex'));
const path = join(folder, 'data.mdb');
const file = openSync(path, 'r+');

function flip({ at, bit }) {
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  byte[0] ^= 1 << bit;
  writeSync(file, byte, 0, 1, at);
}

function outcome(read) {
  try {
    return read() ?? 'absent';
  } catch (error) {
    return error.code ?? String(error);
  }
}

for (let number = Number(first); number < flips.length; number++) {
  process.stdout.write(`${number}`);
  flip(flips[number]);
  const counts = { right: 0, wrong: 0, absent: 0, refused: 0 };
  const other = new Set();
  const reader = outcome(() => openStoreReader(folder));
  if (typeof reader === 'string') {
    counts.refused = Object.keys(values).length;
    other.add(reader);
  } else {
    for (const [tag, value] of Object.entries(values)) {
      const got = outcome(() => reader.stateValue(bytes(stateId), bytes(tag)));
      if (got instanceof Uint8Array) counts[Buffer.from(got).toString('hex') === value ? 'right' : 'wrong']++;
      else if (got === 'absent') counts.absent++;
      else {
        counts.refused++;
        other.add(got);
      }
    }
    for (const tag of absent) {
      const got = outcome(() => reader.stateValue(bytes(stateId), bytes(tag)));
      if (got instanceof Uint8Array) counts.wrong++;
    }
    await reader.close();
  }
  flip(flips[number]);
  process.stdout.write(` ${JSON.stringify({ ...counts, codes: [...other] })}\n`);
}
