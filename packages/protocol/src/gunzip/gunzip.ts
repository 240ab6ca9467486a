/**
 * Decompresses gzip (RFC 1952).
 * @param most bytes that may come out; more is never allocated
 */
export type Gunzip = (compressed: Uint8Array, most: number) => Uint8Array | 'too large' | 'malformed';
