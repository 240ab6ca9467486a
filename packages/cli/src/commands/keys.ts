import { fromHex, toHex } from '@enigma-worker/crypto';
import { Command } from 'commander';
import { addCoreClientFlags, connectClientFrom } from '../connection.js';
import { CommandError, UsageError } from '../errors.js';
import { style } from '../output/style.js';
import { addPrincipalOptions, type PrincipalOptions, retriesOf } from './principal-options.js';

interface Options extends PrincipalOptions {
  readonly address?: readonly string[];
  readonly block?: string;
}

/** `enigma keys sync`. */
export function keysCommand(): Command {
  const sync = new Command('sync')
    .description('fetch state keys from the principal node for a core, as the network side of a worker does')
    .option(
      '--address <hex...>',
      'contracts (64 hex digits each); all that the principal assigns to the worker when absent',
    )
    .option('--block <number>', 'Ethereum block whose epoch decides who may run what')
    .action(async (options: Options) => {
      const addresses = options.address?.map(contractAddress);
      if (options.block !== undefined && !/^\d+$/.test(options.block))
        throw new UsageError('--block: expected a number');
      const { syncKeys } = await import('@enigma-worker/gateway');
      const client = await connectClientFrom(sync);
      try {
        const unbuilt = await syncKeys({
          client,
          principal: options.principal,
          ...(addresses !== undefined && { addresses }),
          ...(options.block !== undefined && { blockNumber: BigInt(options.block) }),
          ...retriesOf(options),
        });
        if (unbuilt.length > 0) {
          const names = unbuilt.map(({ address }) => toHex(address)).join('\n  ');
          throw new CommandError(
            `the keys arrived, but these contracts cannot use theirs: their deltas do not open with it, some are missing, or their state stands under another key:\n  ${names}`,
          );
        }
        console.log(
          `${style.good('synced')} ${addresses === undefined ? 'the state keys of all contracts of this worker' : `${addresses.length} state keys`}`,
        );
      } finally {
        await client.close();
      }
    });
  addPrincipalOptions(sync, 'the principal node', 'http://127.0.0.1:3040');
  addCoreClientFlags(sync);
  return new Command('keys')
    .description('carry state keys from the principal node to a core')
    .addCommand(sync);
}

function contractAddress(text: string): Uint8Array {
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(text))
    throw new UsageError(`--address: expected 64 hex digits, got ${JSON.stringify(text.slice(0, 80))}`);
  return fromHex(text);
}
