import { readFileSync } from 'node:fs';
import { fromHex, randomBytes, toHex } from '@enigma-worker/crypto';
import { deployContract, parseFunction } from '@enigma-worker/sdk';
import { Command } from 'commander';
import { addClientFlags, connectClientFrom, connectFrom } from '../connection.js';
import { CommandError, UsageError } from '../errors.js';
import { fields, short, style, toJson } from '../output/style.js';
import { parseValues } from '../values.js';
import { gasLimit } from './gas.js';
import { addPrincipalOptions, type PrincipalOptions, retriesOf } from './principal-options.js';

interface Options extends Partial<Pick<PrincipalOptions, 'principal'>>, Pick<PrincipalOptions, 'retries'> {
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
      const bytecode = read(path);
      const address = options.address ?? toHex(randomBytes(32));
      if (options.principal !== undefined) await provision(command, options.principal, options, address);
      const client = await connectFrom(command);
      try {
        const deployment = await deployContract(client, {
          bytecode,
          construct: options.fn,
          args,
          ...(options.gasLimit !== undefined && { gasLimit: options.gasLimit }),
          address,
        });
        console.log(options.json === true ? toJson(deployment) : report(deployment));
      } finally {
        await client.close();
      }
    });
  addPrincipalOptions(
    command,
    "principal node from which the new contract's state key is fetched first, for a core at --endpoint",
  );
  return addClientFlags(command);
}

/** Carries the state key of a contract that is to be deployed from the principal node to the core. */
async function provision(
  command: Command,
  principal: string,
  options: Options,
  address: string,
): Promise<void> {
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(address)) throw new UsageError('--address: expected 64 hex digits');
  const { syncKeys } = await import('@enigma-worker/gateway');
  const client = await connectClientFrom(command);
  try {
    await syncKeys({ client, principal, addresses: [fromHex(address)], ...retriesOf(options) });
  } finally {
    await client.close();
  }
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
