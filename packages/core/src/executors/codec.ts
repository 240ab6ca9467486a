/**
 * Turns messages into bytes for a slot of shared memory and back. A message that a codec does not
 * take travels through a port as a structured clone instead: slower, but of any kind and size.
 */
export interface Codec<Message> {
  /** Writes the message; its length, or `undefined` when it does not fit or is not for this codec. */
  encode(message: Message, target: Uint8Array): number | undefined;
  /** Reads what {@link encode} wrote. Nothing of the result may point into `source`. */
  decode(source: Uint8Array): Message;
}
