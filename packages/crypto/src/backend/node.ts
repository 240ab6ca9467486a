import { createCipheriv, createDecipheriv, createHash, createHmac, randomFillSync } from 'node:crypto';
import { createRequire } from 'node:module';
import type { createKeccak as CreateKeccak } from 'hash-wasm';
import type { Backend } from './backend.js';

const require = createRequire(import.meta.url);

/** What this package uses of libsecp256k1 through the `secp256k1` addon; all of it throws on bad input. */
interface Secp256k1 {
  privateKeyVerify(key: Uint8Array): boolean;
  publicKeyVerify(key: Uint8Array): boolean;
  /** The point is written to `output`, 65 bytes. */
  publicKeyCreate(key: Uint8Array, compressed: false, output: Uint8Array): Uint8Array;
  /** The signature is written to `output`, 64 bytes. */
  ecdsaSign(digest: Uint8Array, key: Uint8Array, options: object, output: Uint8Array): { recid: number };
  ecdsaRecover(signature: Uint8Array, recid: number, digest: Uint8Array, compressed: boolean): Uint8Array;
  /** The key is written to `output`, 32 bytes. */
  ecdh(publicKey: Uint8Array, privateKey: Uint8Array, options: object, output: Uint8Array): Uint8Array;
}

function loadSecp256k1(): Secp256k1 | undefined {
  // The package's own entry would fall back to a slow implementation without a word;
  // its bindings either load or throw.
  try {
    const bindings: unknown = require('secp256k1/bindings');
    return bindings as Secp256k1;
  } catch {
    return undefined;
  }
}

// The package's own entry holds every hash there is, and takes a tenth of the start of a process to load.
const { createKeccak } = require('hash-wasm/dist/keccak.umd.min.js') as {
  createKeccak: typeof CreateKeccak;
};
// Another thread compiles the hash while this one loads the curve.
const compiling = createKeccak(256);
const secp256k1 = loadSecp256k1();
const keccak = await compiling;

// Small random requests are served from a pool: one system call for 8 KiB instead of one each.
const pool = new Uint8Array(8192);
let poolAt = pool.length;

function randomFill(target: Uint8Array): void {
  if (target.length > 256) {
    randomFillSync(target);
    return;
  }
  if (poolAt + target.length > pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  target.set(pool.subarray(poolAt, poolAt + target.length));
  pool.fill(0, poolAt, poolAt + target.length);
  poolAt += target.length;
}

// What is handed to native code and to WebAssembly is moved out of V8's own heap first, if it is so small that it lies
// there: a copy in memory that is there already costs less.
const SMALL = 64;
const smallInput = new Uint8Array(new ArrayBuffer(SMALL));
const secretBytes = new Uint8Array(new ArrayBuffer(32));
const pointBytes = new Uint8Array(new ArrayBuffer(65));
const signatureBytes = new Uint8Array(new ArrayBuffer(64));
const sharedBytes = new Uint8Array(new ArrayBuffer(32));
const NO_OPTIONS = {};

/** The same bytes, to be used before the next call. */
function outside(data: Uint8Array): Uint8Array {
  if (data.length > SMALL) return data;
  smallInput.set(data);
  return smallInput.subarray(0, data.length);
}

/** The uncompressed point of a public key, to be used before the next call. */
function pointOf(publicKey: Uint8Array): Uint8Array {
  pointBytes[0] = 4;
  pointBytes.set(publicKey, 1);
  return pointBytes;
}

/** Uses a copy of a secret, of 32 bytes, that nothing is left of. */
function withSecret<T>(secret: Uint8Array, use: (secret: Uint8Array) => T): T {
  secretBytes.set(secret);
  try {
    return use(secretBytes);
  } finally {
    secretBytes.fill(0);
  }
}

const nodePrimitives = {
  keccak256: (data: Uint8Array) => keccak.init().update(outside(data)).digest('binary'),
  sha256: (data: Uint8Array) => toBytes(createHash('sha256').update(data).digest()),
  hmacSha256: (key: Uint8Array, data: Uint8Array) => toBytes(createHmac('sha256', key).update(data).digest()),
  randomFill,
  aesGcmSeal(target: Uint8Array, key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array, aad?: Uint8Array) {
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    if (aad !== undefined) cipher.setAAD(aad);
    target.set(cipher.update(plaintext));
    cipher.final();
    target.set(cipher.getAuthTag(), plaintext.length);
  },
  aesGcmOpen(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array, aad?: Uint8Array) {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
    if (aad !== undefined) decipher.setAAD(aad);
    decipher.setAuthTag(sealed.subarray(sealed.length - 16));
    const plaintext = decipher.update(sealed.subarray(0, sealed.length - 16));
    decipher.final();
    return toBytes(plaintext);
  },
};

/** A plain view of a Buffer, which would otherwise leak its surprising `slice` to callers. */
function toBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

function native(secp: Secp256k1): Backend {
  return {
    name: 'native',
    ...nodePrimitives,
    isPrivateKey: (key) => withSecret(key, (secret) => secp.privateKeyVerify(secret)),
    publicKey: (privateKey) =>
      withSecret(privateKey, (secret) => secp.publicKeyCreate(secret, false, pointBytes)).slice(1),
    sign(digest, privateKey) {
      const { recid } = secp.ecdsaSign(outside(digest), privateKey, NO_OPTIONS, signatureBytes);
      const recoverable = new Uint8Array(65);
      recoverable.set(signatureBytes);
      recoverable[64] = recid;
      return recoverable;
    },
    recover: (digest, signature, recovery) =>
      secp.ecdsaRecover(signature, recovery, digest, false).subarray(1),
    ecdh(privateKey, publicKey) {
      withSecret(privateKey, (secret) => secp.ecdh(pointOf(publicKey), secret, NO_OPTIONS, sharedBytes));
      const shared = sharedBytes.slice();
      sharedBytes.fill(0);
      return shared;
    },
  };
}

/** The portable curve, which is only loaded where it is needed, with Node's own primitives. */
async function portable(): Promise<Backend> {
  const { backend: slow } = await import('./portable.js');
  return { ...slow, ...nodePrimitives };
}

/** Native code where it loads; the portable curve where it does not. */
export const backend: Backend = secp256k1 === undefined ? await portable() : native(secp256k1);
