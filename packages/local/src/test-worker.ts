import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import {
  createClient,
  deployContract,
  getContract,
  type ContractHandle,
  type DeployParameters,
  type Deployment,
  type EnigmaClient,
  type TaskNotice,
} from '@enigma-worker/sdk';
import { startLocalNetwork, type LocalNetwork } from './local-network.js';

type ContractAbi = Parameters<typeof getContract>[1]['abi'];

/** A contract deployed for a test. */
export interface TestDeployment<A extends ContractAbi> extends ContractHandle<A> {
  readonly deployment: Deployment;
}

/** A whole worker for the time of a test: real sockets, real files, real WebAssembly. */
export interface TestWorker extends AsyncDisposable {
  readonly network: LocalNetwork;
  readonly client: EnigmaClient;
  /** Provisions a state key, deploys, and gives the contract with its functions by name. */
  deploy<const A extends ContractAbi>(contract: {
    readonly wasm: Uint8Array;
    readonly abi: A;
    /** Values of the constructor's arguments. */
    readonly args?: readonly unknown[];
    readonly gasLimit?: bigint;
  }): Promise<TestDeployment<A>>;
  /** Deploys without an ABI file. */
  deployRaw(parameters: DeployParameters): Promise<Deployment>;
  close(): Promise<void>;
}

/** Names a file to which the gas of every task is appended: `enigma contract test` makes a table of it. */
const GAS_REPORT = 'ENIGMA_GAS_REPORT';

function record(file: string, task: TaskNotice): void {
  appendFileSync(file, `${JSON.stringify({ function: task.function, usedGas: task.usedGas.toString() })}\n`);
}

/** Starts a worker on a temporary folder, removed when it closes. */
export async function startTestWorker(): Promise<TestWorker> {
  const dataDir = await mkdtemp(join(tmpdir(), 'enigma-test-'));
  const network = await startLocalNetwork({ dataDir, corePort: 0, principalPort: 0, executors: 1 });
  const gasReport = process.env[GAS_REPORT];
  const client = createClient({
    transport: await network.transport(),
    worker: toHex(network.signingAddress),
    ...(gasReport !== undefined && { onTask: (task: TaskNotice) => record(gasReport, task) }),
  });

  async function deployRaw(parameters: DeployParameters): Promise<Deployment> {
    const address = parameters.address ?? toHex(randomBytes(32));
    await network.provision(address);
    return deployContract(client, { ...parameters, address });
  }

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= (async () => {
      await client.close();
      await network.close();
      await rm(dataDir, { recursive: true, force: true });
    })());

  return {
    network,
    client,
    deployRaw,
    async deploy({ wasm, abi, args, gasLimit }) {
      const deployment = await deployRaw({
        bytecode: wasm,
        construct: constructorText(abi),
        ...(args !== undefined && { args }),
        ...(gasLimit !== undefined && { gasLimit }),
      });
      return { ...getContract(client, { abi, address: deployment.address }), deployment };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The text of the constructor that an ABI names; one without arguments when it names none. */
function constructorText(abi: ContractAbi): string {
  const construct = abi.find((item) => item.type === 'constructor');
  return `construct(${construct?.inputs.map(({ type }) => type).join(',') ?? ''})`;
}
