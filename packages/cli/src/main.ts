#!/usr/bin/env node
import { program } from './program.js';
import { isExpected, UsageError } from './errors.js';
import { style } from './output/style.js';

try {
  await (await program(process.argv.slice(2))).parseAsync();
} catch (error) {
  if (isExpected(error)) {
    console.error(style.bad(error.message));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  } else {
    console.error(error);
    process.exitCode = 70;
  }
}
