// The half of an attester (RFC 9334): what a worker needs to make evidence, without all that a verifier needs.
export * from './evidence.js';
export * from './report-data.js';
