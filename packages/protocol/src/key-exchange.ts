import { lengthPrefixed, utf8 } from '@enigma-worker/crypto';
import { ProtocolError } from './errors.js';
import { MsgpackReader, MsgpackWriter } from './msgpack.js';
import { StateError } from './state/errors.js';

/**
 * Which form of the key-exchange messages: `seed` carries a prefix and, in requests, the addresses; `current` has
 * neither. An answer is in the age of its request.
 * Source: docs/protocol.md, "Key exchange".
 */
export type ExchangeAge = 'seed' | 'current';

/** What a worker asks the principal. */
export interface ExchangeRequest {
  readonly age: ExchangeAge;
  /** 12 random bytes, which the answer repeats. */
  readonly id: Uint8Array;
  /** The worker's public key for this exchange, 64 bytes. */
  readonly publicKey: Uint8Array;
  /** Contracts whose keys are asked for, 32 bytes each; seed age only, absent for all of the worker's. */
  readonly addresses?: readonly Uint8Array[];
}

/** What the principal answers. */
export interface ExchangeResponse {
  readonly age: ExchangeAge;
  /** As in the request. */
  readonly id: Uint8Array;
  /** The principal's public key for this exchange, 64 bytes. */
  readonly publicKey: Uint8Array;
  /** {@link encodeStateKeys} sealed under the key that both sides share. */
  readonly envelope: Uint8Array;
}

/** The key under which a contract's state is encrypted. */
export interface StateKey {
  /** 32 bytes. */
  readonly address: Uint8Array;
  /** 32 bytes. Secret. */
  readonly key: Uint8Array;
}

const PREFIX = utf8('Enigma Message');
const ID_LENGTH = 12;
const PUBLIC_KEY_LENGTH = 64;
const ADDRESS_LENGTH = 32;
/** Room for the keys of some ten thousand contracts. */
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * The bytes of a request.
 * @throws RangeError when a field has the wrong length, or addresses are given in the current age
 */
export function encodeExchangeRequest(request: ExchangeRequest): Uint8Array {
  if (request.age === 'current' && request.addresses !== undefined) {
    throw new RangeError('exchange request: addresses travel beside a request of the current age');
  }
  return encodeMessage(request, (writer) => {
    if (request.age === 'current') {
      writer.string('Request');
      return;
    }
    writer.map(1);
    writer.string('Request');
    if (request.addresses === undefined) {
      writer.value(null);
      return;
    }
    writer.array(request.addresses.length);
    for (const address of request.addresses) writer.byteArray(sized('address', address, ADDRESS_LENGTH));
  });
}

/**
 * The bytes of an answer. The principal signs these bytes as they are.
 * @throws RangeError when a field has the wrong length
 */
export function encodeExchangeResponse(response: ExchangeResponse): Uint8Array {
  return encodeMessage(response, (writer) => {
    writer.map(1);
    writer.string('EncryptedResponse');
    writer.byteArray(response.envelope);
  });
}

/** What a worker signs for a request: the message itself in the seed's age, key and id in the current one. */
export function exchangeRequestPreimage(
  message: Uint8Array,
  request: Pick<ExchangeRequest, 'age' | 'publicKey' | 'id'>,
): Uint8Array {
  return request.age === 'seed' ? message : lengthPrefixed(request.publicKey, request.id);
}

/** The plaintext of an answer: a list of pairs of address and key. */
export function encodeStateKeys(keys: readonly StateKey[]): Uint8Array {
  const writer = new MsgpackWriter();
  writer.array(keys.length);
  for (const { address, key } of keys) {
    writer.array(2);
    writer.byteArray(sized('address', address, ADDRESS_LENGTH));
    writer.byteArray(sized('state key', key, 32));
  }
  return writer.finish();
}

/**
 * Reads the plaintext of an answer.
 * @throws ProtocolError `EXCHANGE_INVALID`
 */
export function parseStateKeys(plaintext: Uint8Array): StateKey[] {
  return guarded(() => readStateKeys(new MsgpackReader(plaintext)));
}

/**
 * Reads a request of any age; key order, unknown fields and bytes after the message do not matter.
 * @throws ProtocolError `EXCHANGE_INVALID`
 */
export function parseExchangeRequest(message: Uint8Array): ExchangeRequest {
  const { data, ...fields } = parseExchangeMessage(message);
  if (data.kind !== 'request') throw invalid('data', 'a request');
  return data.addresses === undefined ? fields : { ...fields, addresses: data.addresses };
}

/**
 * Reads an answer of any age.
 * @throws ProtocolError `EXCHANGE_INVALID`, also when the keys are not encrypted
 */
export function parseExchangeResponse(message: Uint8Array): ExchangeResponse {
  const { data, ...fields } = parseExchangeMessage(message);
  if (data.kind !== 'response') throw invalid('data', 'an encrypted response');
  return { ...fields, envelope: data.envelope };
}

/** What a message carries beside age, id and key. */
export type ExchangeData =
  | { readonly kind: 'request'; readonly addresses?: readonly Uint8Array[] }
  | { readonly kind: 'response'; readonly envelope: Uint8Array }
  | { readonly kind: 'plainResponse'; readonly keys: readonly StateKey[] };

/** Any message of the exchange. */
export interface ExchangeMessage {
  readonly age: ExchangeAge;
  readonly id: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly data: ExchangeData;
}

/**
 * Reads any message of the exchange, also as an array `[data, pubkey, id]` as the deployed parser does.
 * @throws ProtocolError `EXCHANGE_INVALID`
 */
export function parseExchangeMessage(message: Uint8Array): ExchangeMessage {
  if (message.length > MOST_BYTES) throw invalid('message', `at most ${MOST_BYTES} bytes`);
  return guarded(() => {
    const reader = new MsgpackReader(message);
    const fields = isArray(message[0]) ? readArray(reader, message) : readMap(reader, message);
    const { data, id, publicKey } = fields;
    if (data === undefined) throw invalid('data', 'this field');
    if (id?.length !== ID_LENGTH) throw invalid('id', `${ID_LENGTH} bytes`);
    if (publicKey?.length !== PUBLIC_KEY_LENGTH) throw invalid('pubkey', `${PUBLIC_KEY_LENGTH} bytes`);
    // Whoever dropped the prefix also moved the addresses out of the message: the mixture is nobody's.
    if (!fields.prefixed && data.kind === 'request' && data.addresses !== undefined) {
      throw invalid('data', 'no addresses in a request without prefix');
    }
    return { age: fields.prefixed ? 'seed' : 'current', id, publicKey, data };
  });
}

interface Fields {
  data?: ExchangeData;
  id?: Uint8Array;
  publicKey?: Uint8Array;
  prefixed: boolean;
}

function readArray(reader: MsgpackReader, message: Uint8Array): Fields {
  if (reader.array() !== 3) throw invalid('message', 'data, pubkey and id');
  const data = readData(reader, message);
  const publicKey = reader.byteArray();
  return { data, publicKey, id: reader.byteArray(), prefixed: false };
}

function readMap(reader: MsgpackReader, message: Uint8Array): Fields {
  const fields: Fields = { prefixed: false };
  for (let left = reader.map(); left > 0; left--) {
    const name = reader.string();
    if (name === 'data') fields.data = readData(reader, message);
    else if (name === 'id') fields.id = reader.byteArray();
    else if (name === 'pubkey') fields.publicKey = reader.byteArray();
    else {
      reader.value();
      if (name === 'prefix') fields.prefixed = true;
    }
  }
  return fields;
}

function readData(reader: MsgpackReader, message: Uint8Array): ExchangeData {
  if (isMap(message[reader.at])) {
    if (reader.map() !== 1) throw invalid('data', 'one entry');
    return readVariant(reader.string(), reader, message);
  }
  if (reader.string() !== 'Request') throw invalid('data', 'Request, Response or EncryptedResponse');
  return { kind: 'request' };
}

function readVariant(name: string, reader: MsgpackReader, message: Uint8Array): ExchangeData {
  switch (name) {
    case 'EncryptedResponse':
      return { kind: 'response', envelope: reader.byteArray() };
    case 'Response':
      return { kind: 'plainResponse', keys: readStateKeys(reader) };
    case 'Request':
      if (!isArray(message[reader.at])) {
        if (reader.value() !== null) throw invalid('data', 'a list of addresses or nothing in a request');
        return { kind: 'request' };
      }
      return { kind: 'request', addresses: readAddresses(reader) };
    default:
      throw invalid('data', 'Request, Response or EncryptedResponse');
  }
}

function readAddresses(reader: MsgpackReader): Uint8Array[] {
  const addresses: Uint8Array[] = [];
  for (let left = reader.array(); left > 0; left--) addresses.push(readSized(reader, 'address'));
  return addresses;
}

function readStateKeys(reader: MsgpackReader): StateKey[] {
  const keys: StateKey[] = [];
  for (let left = reader.array(); left > 0; left--) {
    if (reader.array() !== 2) throw invalid('state keys', 'pairs of address and key');
    const address = readSized(reader, 'address');
    keys.push({ address, key: readSized(reader, 'state key') });
  }
  return keys;
}

function readSized(reader: MsgpackReader, label: string): Uint8Array {
  const bytes = reader.byteArray();
  if (bytes.length !== 32) throw invalid(label, `32 bytes`);
  return bytes;
}

function encodeMessage(
  fields: Pick<ExchangeRequest, 'age' | 'id' | 'publicKey'>,
  writeData: (writer: MsgpackWriter) => void,
): Uint8Array {
  const seed = fields.age === 'seed';
  const writer = new MsgpackWriter();
  writer.map(seed ? 4 : 3);
  writer.string('data');
  writeData(writer);
  writer.string('id');
  writer.byteArray(sized('id', fields.id, ID_LENGTH));
  if (seed) {
    writer.string('prefix');
    writer.byteArray(PREFIX);
  }
  writer.string('pubkey');
  writer.byteArray(sized('public key', fields.publicKey, PUBLIC_KEY_LENGTH));
  return writer.finish();
}

function sized(label: string, bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length)
    throw new RangeError(`${label}: expected ${length} bytes, got ${bytes.length}`);
  return bytes;
}

function isMap(first: number | undefined): boolean {
  return first !== undefined && ((first >= 0x80 && first <= 0x8f) || first === 0xde || first === 0xdf);
}

function isArray(first: number | undefined): boolean {
  return first !== undefined && ((first >= 0x90 && first <= 0x9f) || first === 0xdc || first === 0xdd);
}

function invalid(field: string, expected: string): ProtocolError {
  return new ProtocolError('EXCHANGE_INVALID', `key exchange: ${field}: expected ${expected}`);
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof StateError)
      throw new ProtocolError('EXCHANGE_INVALID', `key exchange: ${error.message}`);
    throw error;
  }
}
