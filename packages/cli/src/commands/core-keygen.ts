import { Command } from 'commander';
import { writeNewFile } from '../files.js';
import { style } from '../output/style.js';

/** `enigma core keygen FILE`: a CURVE key pair, for a core or for a client. */
export function keygenCommand(): Command {
  return new Command('keygen')
    .description('make a CURVE key pair, for a core or for a client of one')
    .argument('<file>', 'where to write it; must not exist')
    .action(async (file: string) => {
      const { curveKeyPair } = await import('zeromq');
      const { publicKey, secretKey } = curveKeyPair();
      writeNewFile(file, `${JSON.stringify({ publicKey, secretKey }, null, 2)}\n`);
      console.log(`${style.good('written')} ${file}, readable by you alone`);
      console.log(`public key: ${publicKey}`);
    });
}
