import { randomBytes } from '@enigma-worker/crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { attestBy } from '#enclave/attestation/attest.js';
import { simulationQuoter } from '#enclave/attestation/quoter.js';
import { fixture, Lab, textOf } from './support/lab.js';

const DAY = 24 * 60 * 60 * 1000;

let lab: Lab;
let preCode: Uint8Array;

beforeAll(async () => {
  preCode = await fixture('notes');
  vi.useFakeTimers({ toFake: ['Date'] });
  lab = await Lab.open();
});

afterAll(async () => {
  vi.useRealTimers();
  await lab.close();
});

it.each([
  ['forward', DAY],
  ['back', -DAY],
])('task keys and exchanges outlive a clock that is set %s', async (_, by) => {
  const address = await lab.deployed(preCode, '1');
  const { input, ioKey } = lab.send(address, 'read()');
  const added = { address: randomBytes(32), key: randomBytes(32) };
  const { response, sig } = lab.answer(lab.enclave.createExchange(), [added]);
  vi.setSystemTime(Date.now() + by);
  const { result } = await lab.enclave.compute(input);
  expect(textOf(ioKey, result.output)).toBe('1');
  expect(await lab.enclave.acceptExchange(response, sig)).toEqual([]);
});

it('a report is renewed when it is due, though the clock was set back', async () => {
  let quotes = 0;
  const quoter = {
    ...simulationQuoter,
    quote: (data: Uint8Array) => {
      quotes++;
      return simulationQuoter.quote(data);
    },
  };
  const measureCode = () => Promise.resolve(randomBytes(32));
  const provider = attestBy(quoter, { measureCode, refreshAfter: 50 });
  const identity = { signingAddress: randomBytes(20), sealingMode: 'key-file', sign: () => randomBytes(65) };
  await provider.report(identity);
  vi.setSystemTime(Date.now() - DAY);
  await new Promise((resolve) => setTimeout(resolve, 60));
  await provider.report(identity);
  expect(quotes).toBe(2);
});
