import { isCurveKey } from '@enigma-worker/protocol';
import { expect, it } from 'vitest';

/** 0xffffffff, the most that five digits may stand for. */
const MOST = '%nSc0';

it.each([
  ['rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7', true],
  ['0'.repeat(40), true],
  [MOST.repeat(8), true],
  [`${MOST.repeat(7)}%nSc1`, false],
  [`#####${MOST.repeat(7)}`, false],
  [`${'0'.repeat(39)}"`, false],
  [`${'0'.repeat(38)}\u{1f511}`, false],
  ['0'.repeat(39), false],
  ['0'.repeat(41), false],
  ['', false],
])('tells whether a text is a CURVE key: %s', (text, is) => {
  expect(isCurveKey(text)).toBe(is);
});
