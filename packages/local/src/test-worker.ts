import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import {
  createClient,
  deployContract,
  getContract,
  type ConstructorArguments,
  type ContractHandle,
  type DeployParameters,
  type Deployment,
  type EnigmaClient,
  type TaskNotice,
} from '@enigma-worker/sdk';
import { startLocalNetwork, type LocalNetwork } from './local-network.js';

type ContractAbi = Parameters<typeof getContract>[1]['abi'];

/** A contract to be deployed for a test: `args` are the constructor's, by position or by name. */
export type TestContract<A extends ContractAbi> = {
  readonly wasm: Uint8Array;
  readonly abi: A;
  readonly gasLimit?: bigint;
} & ConstructorArguments<A>;

/** A contract deployed for a test. */
export interface TestDeployment<A extends ContractAbi> extends ContractHandle<A> {
  readonly deployment: Deployment;
}

/** A whole worker for the time of a test: real sockets, real files, real WebAssembly. */
export interface TestWorker extends AsyncDisposable {
  readonly network: LocalNetwork;
  readonly client: EnigmaClient;
  /** Provisions a state key, deploys, and gives the contract with its functions by name. */
  deploy<const A extends ContractAbi>(contract: TestContract<A>): Promise<TestDeployment<A>>;
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

  /** Provisions the state key of a contract; gives its address. */
  async function prepare(address = toHex(randomBytes(32))): Promise<string> {
    await network.provision(address);
    return address;
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
    async deployRaw(parameters) {
      return deployContract(client, { ...parameters, address: await prepare(parameters.address) });
    },
    async deploy<const A extends ContractAbi>(contract: TestContract<A>) {
      const { abi, wasm } = contract;
      const deployment = await deployContract<A>(client, {
        ...contract,
        bytecode: wasm,
        address: await prepare(),
      });
      return { ...getContract(client, { abi, address: deployment.address }), deployment };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
