import { callContract, parseFunction, parseTypes, type CallResult } from '@enigma-worker/sdk';
import { Command } from 'commander';
import { addClientFlags, connectFrom } from '../connection.js';
import { fields, short, style, toJson } from '../output/style.js';
import { parseValues, printValue } from '../values.js';
import { gasLimit } from './gas.js';

interface Options {
  readonly returns?: string;
  readonly gasLimit?: bigint;
  readonly json?: boolean;
}

/** `enigma call ADDRESS 'sub(uint256,uint256)' 76 17 --returns uint256`. */
export function callCommand(): Command {
  const command = new Command('call')
    .description('call a secret contract: arguments and result travel encrypted, the receipt is verified')
    .argument('<address>', "the contract's address: 64 hex digits")
    .argument('<function>', "the function with its types, for example 'sub(uint256,uint256)'")
    .argument('[values...]', 'its arguments; bytes in hex, lists and tuples as JSON')
    .option('--returns <types>', 'Solidity types of the result, for example uint256 or bytes32,bool')
    .option('--gas-limit <gas>', 'gas limit (default: 100000000)', gasLimit)
    .option('--json', 'print JSON')
    .action(async (address: string, text: string, values: readonly string[], options: Options) => {
      const args = parseValues(parseFunction(text).inputs, values);
      const returns = options.returns ?? '';
      parseTypes(returns);
      const client = await connectFrom(command);
      try {
        const result = await callContract(client, {
          address,
          function: text,
          args,
          returns,
          ...(options.gasLimit !== undefined && { gasLimit: options.gasLimit }),
        });
        console.log(options.json === true ? toJson(result) : report(result));
      } finally {
        await client.close();
      }
    });
  return addClientFlags(command);
}

function report(result: CallResult): string {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const shown =
    result.values.length > 0
      ? result.values.map(printValue).join('\n')
      : result.output.length > 0
        ? `0x${hex(result.output)}`
        : style.note('(no result)');
  return [
    style.title(shown),
    fields([
      ['gas', `${result.usedGas} of ${result.gasLimit}`],
      [
        'state',
        result.delta === undefined
          ? 'unchanged'
          : `delta ${result.delta.key}: ${result.delta.data.length} bytes, encrypted, hash ${short(hex(result.delta.hash))}`,
      ],
      ...(result.ethereum === undefined
        ? []
        : [['calls Ethereum', `0x${hex(result.ethereum.address)}`] as const]),
      ['receipt', `${short(hex(result.signature))} ${style.good('verified')}`],
    ]),
  ].join('\n');
}
