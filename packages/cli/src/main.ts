import { CommanderError } from 'commander';
import { program } from './program.js';
import { isExpected, isWrongCall } from './errors.js';
import { style } from './output/style.js';

// Whoever read our output has had enough, as `head` has: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await (await program(process.argv.slice(2))).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // It was shown already: help and version, which were asked for, or what is wrong with the call.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (isExpected(error)) {
    console.error(style.bad(error.message));
    process.exitCode = isWrongCall(error) ? 2 : 1;
  } else {
    console.error(error);
    process.exitCode = 70;
  }
}
