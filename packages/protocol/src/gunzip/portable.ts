import type { Gunzip } from './gunzip.js';

/**
 * Browsers only send requests and read replies, and neither holds compressed code; their own decompression
 * could not be used anyway, as it is asynchronous. So there is nothing here, and compressed code is refused.
 */
export const gunzip: Gunzip = () => 'malformed';
