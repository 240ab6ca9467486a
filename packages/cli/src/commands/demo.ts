import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@enigma-worker/crypto';
import { callContract, createClient, deployContract, type EnigmaClient } from '@enigma-worker/sdk';
import { Command } from 'commander';
import { startLocalNetwork, type LocalNetwork } from '@enigma-worker/local';
import { requireDataFolder } from '../files.js';
import { style } from '../output/style.js';
import { untilStopped } from '../until-stopped.js';

/** Where the compiled millionaires' problem lies: beside the packages in a clone, inside this one when installed. */
const CONTRACT = new URL('../../contracts/millionaires.wasm', import.meta.url);

const FORTUNES = [
  { name: 'Alice', fortune: 3_500_000n },
  { name: 'Bob', fortune: 12_000_000n },
  { name: 'Carol', fortune: 9_250_000n },
] as const;

interface Options {
  readonly once?: boolean;
  readonly dataDir?: string;
}

/** `enigma demo`: what `npm start` runs. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('run a whole worker on a real contract, and say what stays secret')
    .option('--once', 'end after the demo')
    .option('--data-dir <dir>', 'keep the data there (default: a temporary folder, removed at the end)')
    .action(async ({ once, dataDir }: Options) => {
      // A terminal that is closed ends a demo as Ctrl-C does.
      const stopped = untilStopped(['SIGINT', 'SIGTERM', 'SIGHUP']);
      if (dataDir !== undefined) requireDataFolder(dataDir);
      await run(dataDir ?? temporaryFolder(), once === true, stopped);
    });
}

/** One that goes with the process, also where that ends at once: at a second Ctrl-C, or when nobody reads its output any more. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function run(folder: string, once: boolean, stopped: Promise<unknown>): Promise<void> {
  step(
    'A principal node and a worker',
    'The principal holds the state keys of all contracts, the worker runs them.',
  );
  const network = await startLocalNetwork({
    dataDir: folder,
    corePort: 5552,
    principalPort: 3040,
    takeFreePorts: true,
  });
  try {
    for (const notice of network.notices) console.log(`  ${style.bad(notice)}`);
    console.log(`  principal  ${network.principalUrl}   signs as 0x${toHex(network.principalAddress)}`);
    console.log(`  core       ${network.endpoint}   signs as 0x${toHex(network.signingAddress)}`);
    console.log(
      style.note(
        '  simulation mode: the cryptography is real, but nothing protects it from the owner of this machine',
      ),
    );
    const client = createClient({
      transport: await network.transport(),
      worker: toHex(network.signingAddress),
    });
    try {
      await story(network, client, once);
      if (!once) {
        await stopped;
        console.log('\nStopping.');
      }
    } finally {
      await client.close();
    }
  } finally {
    await network.close();
  }
}

async function story(network: LocalNetwork, client: EnigmaClient, once: boolean): Promise<void> {
  const address = toHex(crypto.getRandomValues(new Uint8Array(32)));
  step(
    'The key of a new contract',
    'It goes from principal to worker sealed for this exchange; who carries it learns nothing.',
  );
  await network.provision(address);
  console.log(`  contract ${address}: state key provisioned, the principal's signature checked`);

  step(
    "Deploy the millionaires' problem",
    'Its code is public. Its state is sealed under the key that only the enclave has.',
  );
  const deployment = await deployContract(client, {
    bytecode: new Uint8Array(await readFile(CONTRACT)),
    address,
  });
  console.log(`  ${deployment.exeCode.length} bytes of exe code, ${deployment.usedGas} gas, ${verified()}`);

  step(
    'Three fortunes, by encrypted tasks',
    "Each is sealed by its owner for the enclave: neither the others nor the worker's operator see it.",
  );
  for (const { name, fortune } of FORTUNES) {
    const result = await callContract(client, {
      address,
      function: 'addMillionaire(bytes32,uint256)',
      args: [nameBytes(name), fortune],
    });
    const delta =
      result.delta === undefined
        ? 'no change'
        : `state delta ${result.delta.key}: ${toHex(result.delta.data.subarray(0, 12))}…`;
    console.log(
      `  ${name.padEnd(6)} ${style.note('sends')} ${'•'.repeat(9)}  ${style.note('the network sees')} ${delta}  ${result.usedGas} gas, ${verified()}`,
    );
  }

  step('Who is richest?', 'The answer is sealed for the one who asks. The fortunes never leave the enclave.');
  const question = { address, function: 'computeRichest()', returns: 'bytes32' };
  const { values, usedGas } = await callContract(client, question);
  const richest = Buffer.from(String(values[0]).slice(2), 'hex').toString('utf8').replaceAll('\0', '');
  console.log(`  ${style.title(richest)}  ${style.note(`(${usedGas} gas, `)}${verified()}${style.note(')')}`);
  if (richest !== 'Bob') throw new Error(`expected Bob to be richest, got ${richest}`);

  if (once) return;
  console.log(`\nStill running. From another terminal, in this folder:\n`);
  console.log(
    `  npx enigma call ${address} 'addMillionaire(bytes32,uint256)' ${nameBytes('Dave')} 99000000${flags(network)}`,
  );
  console.log(`  npx enigma call ${address} 'computeRichest()' --returns bytes32${flags(network)}`);
  console.log(`\nCtrl-C ends it.`);
}

function flags(network: LocalNetwork): string {
  return network.endpoint === 'tcp://127.0.0.1:5552' ? '' : ` --endpoint ${network.endpoint}`;
}

function nameBytes(name: string): `0x${string}` {
  return `0x${Buffer.from(name, 'utf8').toString('hex').padEnd(64, '0')}`;
}

function verified(): string {
  return style.good('receipt verified');
}

function step(title: string, explanation: string): void {
  console.log(`\n${style.title(title)}\n${style.note(`  ${explanation}`)}`);
}
