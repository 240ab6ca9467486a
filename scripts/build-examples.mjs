// Compiles the contracts of examples/ that are older than their sources.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const builder = new URL('../examples/build.mjs', import.meta.url);
if (existsSync(fileURLToPath(builder))) await import(builder.href);
