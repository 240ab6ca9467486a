import { backend } from '#backend';

/** Bytes from the operating system's cryptographic generator. */
export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  backend.randomFill(bytes);
  return bytes;
}

/** Fills `target` with bytes from the operating system's cryptographic generator. */
export function randomFill(target: Uint8Array): void {
  backend.randomFill(target);
}
