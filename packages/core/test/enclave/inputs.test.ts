import { randomBytes, seal, utf8 } from '@enigma-worker/crypto';
import { describe, expect, it } from 'vitest';
import { openInputs } from '#enclave/task/inputs.js';

const ioKey = randomBytes(32);
const noArgs = new Uint8Array(0);

function parse(representation: string | Uint8Array): unknown {
  const plaintext = typeof representation === 'string' ? utf8(representation) : representation;
  return openInputs(ioKey, { encryptedFn: seal(ioKey, plaintext), encryptedArgs: noArgs });
}

describe('inputs of a task', () => {
  it.each([
    ['sub(uint256,uint256)', 'sub'],
    ['construct()', 'construct'],
    ['(', undefined],
    ['f(', undefined],
    ['f)', undefined],
    ['f)(', undefined],
    ['f)(x)', undefined],
    ['()', ''],
    ['a(b(c)', 'a'],
    ['größe(x)', 'größe'],
    ['f', undefined],
  ])('read %j', (representation, functionName) => {
    const message = "Input Error: Input Error: 'callable' signature is illegal";
    expect(parse(representation)).toMatchObject(
      functionName === undefined ? { ok: false, message } : { ok: true, functionName },
    );
  });

  it('refuse text that is not UTF-8', () => {
    expect(parse(Uint8Array.of(0xff, 0x28, 0x29))).toMatchObject({ ok: false });
  });

  it('take no bytes as no arguments, and an envelope of nothing too', () => {
    const encryptedFn = seal(ioKey, utf8('f()'));
    expect(openInputs(ioKey, { encryptedFn, encryptedArgs: noArgs })).toMatchObject({
      ok: true,
      args: noArgs,
    });
    expect(openInputs(ioKey, { encryptedFn, encryptedArgs: seal(ioKey, noArgs) })).toMatchObject({
      ok: true,
      args: noArgs,
    });
    const args = randomBytes(64);
    expect(openInputs(ioKey, { encryptedFn, encryptedArgs: seal(ioKey, args) })).toMatchObject({ args });
  });

  it('say how they could not be opened', () => {
    const encryptedFn = seal(ioKey, utf8('f()'));
    const empty = 'Input Error: Input Error: called function representation is empty';
    expect(openInputs(ioKey, { encryptedFn: noArgs, encryptedArgs: noArgs })).toEqual({
      ok: false,
      message: empty,
    });
    expect(parse('')).toEqual({ ok: false, message: empty });
    const short = openInputs(ioKey, { encryptedFn: randomBytes(11), encryptedArgs: noArgs });
    expect(short).toEqual({ ok: false, message: 'Input Error: Cryptography Error: ImproperEncryption' });
    const foreign = { ok: false, message: 'Input Error: Cryptography Error: DecryptionError' };
    expect(openInputs(randomBytes(32), { encryptedFn, encryptedArgs: noArgs })).toEqual(foreign);
    expect(openInputs(ioKey, { encryptedFn, encryptedArgs: randomBytes(12) })).toEqual(foreign);
    expect(openInputs(ioKey, { encryptedFn, encryptedArgs: seal(randomBytes(32), noArgs) })).toEqual(foreign);
  });
});
