/**
 * How replies and requests are written: `seed` as the specification shows them, `v0.3` as the last released
 * enigma-p2p and enigma-core did. Both are always understood.
 * Source: docs/protocol.md, "Dialects".
 */
export type Dialect = 'seed' | 'v0.3';
