import { relative } from 'node:path';
import { Command } from 'commander';
import { buildProject, openProject } from '../contract/project.js';
import { style } from '../output/style.js';

/** `enigma contract build`. */
export function buildCommand(): Command {
  return new Command('build')
    .description(
      'compile the contract of this folder: what is deployed, and the ABI from which calls are typed',
    )
    .argument('[file]', "the file with the contract's class", 'assembly/contract.ts')
    .option('--no-optimize', 'compile faster; the contract is larger and costs more gas')
    .action(async (file: string, { optimize }: { optimize: boolean }) => {
      const project = openProject('.', file);
      const contract = await buildProject(project, optimize);
      const functions = contract.abi.filter((item) => item.type === 'function').length;
      console.log(
        `${style.good('built')} ${contract.name}: ${contract.wasm.length} bytes, ${functions} functions, in ${relative('.', project.output)}/`,
      );
    });
}
