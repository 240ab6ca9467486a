import { readFileSync } from 'node:fs';
import { deployContract, parseFunction } from '@enigma-worker/sdk';
import { Command } from 'commander';
import { addClientFlags, connectFrom } from '../connection.js';
import { CommandError } from '../errors.js';
import { fields, short, style, toJson } from '../output/style.js';
import { parseValues } from '../values.js';
import { gasLimit } from './gas.js';

interface Options {
  readonly fn: string;
  readonly args?: readonly string[];
  readonly gasLimit?: bigint;
  readonly address?: string;
  readonly json?: boolean;
}

/** `enigma deploy CONTRACT.wasm --fn 'construct(uint256)' --args 7`. */
export function deployCommand(): Command {
  const command = new Command('deploy')
    .description('deploy a secret contract: the arguments travel encrypted, the receipt is verified')
    .argument('<contract.wasm>', 'the compiled contract')
    .option('--fn <text>', 'the constructor with its types', 'construct()')
    .option('--args <values...>', 'its arguments; bytes in hex, lists and tuples as JSON')
    .option('--gas-limit <gas>', 'gas limit (default: 100000000)', gasLimit)
    .option('--address <hex>', 'address of the new contract: its task id (default: random)')
    .option('--json', 'print JSON')
    .action(async (path: string, options: Options) => {
      const construct = parseFunction(options.fn);
      const args = parseValues(construct.inputs, options.args ?? []);
      const client = await connectFrom(command);
      try {
        const deployment = await deployContract(client, {
          bytecode: read(path),
          construct: options.fn,
          args,
          ...(options.gasLimit !== undefined && { gasLimit: options.gasLimit }),
          ...(options.address !== undefined && { address: options.address }),
        });
        console.log(options.json === true ? toJson(deployment) : report(deployment));
      } finally {
        await client.close();
      }
    });
  return addClientFlags(command);
}

type Deployment = Awaited<ReturnType<typeof deployContract>>;

function report(deployment: Deployment): string {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return [
    `${style.good('deployed')} ${style.title(deployment.address)}`,
    fields([
      [
        'exe code',
        `${deployment.exeCode.length.toLocaleString('en')} bytes, hash ${short(hex(deployment.codeHash))}`,
      ],
      ['gas', `${deployment.usedGas} of ${deployment.gasLimit}`],
      [
        'state delta 0',
        `${deployment.delta.length} bytes, encrypted, hash ${short(hex(deployment.deltaHash))}`,
      ],
      ...(deployment.ethereum === undefined
        ? []
        : [['calls Ethereum', `0x${hex(deployment.ethereum.address)}`] as const]),
      ['receipt', `${short(hex(deployment.signature))} ${style.good('verified')}`],
    ]),
  ].join('\n');
}

function read(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new CommandError(`${path}: ${error instanceof Error ? error.message : 'cannot be read'}`);
  }
}
