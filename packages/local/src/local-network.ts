import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type Client } from '@enigma-worker/client';
import { IpcError, openSealer, startWorker, type Logger, type Worker } from '@enigma-worker/core';
import { fromHex, toHex } from '@enigma-worker/crypto';
import { syncKeys } from '@enigma-worker/gateway';
import { PrincipalError, startPrincipal, type Principal } from '@enigma-worker/principal';
import type { Transport } from '@enigma-worker/sdk';
import { ipc } from '@enigma-worker/sdk/ipc';
import { LocalError } from './errors.js';

/** What a local network is started with. */
export interface LocalNetworkOptions {
  /** Folder of both nodes' data. */
  readonly dataDir: string;
  /** Port of the core; 0 takes a free one. */
  readonly corePort: number;
  /** Port of the principal; 0 takes a free one. */
  readonly principalPort: number;
  /** Whether to take a free port, and say so, when the one asked for is taken. */
  readonly takeFreePorts?: boolean;
  /** Executor threads of the core. */
  readonly executors?: number;
  readonly log?: Logger;
}

/** A principal and a core in this process, talking over real sockets: for development, tests and the demo. */
export interface LocalNetwork extends AsyncDisposable {
  readonly endpoint: string;
  readonly principalUrl: string;
  /** 20 bytes each. */
  readonly signingAddress: Uint8Array;
  readonly principalAddress: Uint8Array;
  /** What did not go as asked, for people. */
  readonly notices: readonly string[];
  /** A fresh connection for the SDK. */
  transport(): Promise<Transport>;
  /** Carries the state keys of contracts (64 hex digits each) from the principal to the core. */
  provision(...addresses: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a principal and a core that trusts it.
 * @throws what `startPrincipal` and `startWorker` throw
 */
export async function startLocalNetwork(options: LocalNetworkOptions): Promise<LocalNetwork> {
  const notices: string[] = [];
  const principalDir = join(options.dataDir, 'principal');
  const coreDir = join(options.dataDir, 'core');
  await mkdir(principalDir, { recursive: true, mode: 0o700 });
  await mkdir(coreDir, { recursive: true, mode: 0o700 });
  const modules = options.log === undefined ? {} : { log: options.log };
  const closing: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const each of closing.reverse()) await each();
  };
  let closed: Promise<void> | undefined;
  // Whoever closes it once more waits for the end, too.
  const close = (): Promise<void> => (closed ??= closeAll());
  try {
    const sealer = await openSealer({ kind: 'simulation', dataDir: principalDir });
    const principal: Principal = await onPort('principal', options.principalPort, options, notices, (port) =>
      startPrincipal({ dataDir: principalDir, sealer, port, ...modules }),
    );
    closing.push(() => principal.close());
    const worker: Worker = await onPort('core', options.corePort, options, notices, (port) =>
      startWorker(
        {
          dataDir: coreDir,
          port,
          principalAddress: principal.address,
          ...(options.executors !== undefined && { enclave: { threads: options.executors } }),
        },
        modules,
      ),
    );
    closing.push(() => worker.close());
    const client: Client = connect(worker.endpoint);
    closing.push(() => client.close());
    return {
      endpoint: worker.endpoint,
      principalUrl: principal.url,
      signingAddress: worker.signingAddress,
      principalAddress: principal.address,
      notices,
      transport: () => Promise.resolve(ipc(worker.endpoint)),
      async provision(...addresses) {
        const unbuilt = await syncKeys({
          client,
          principal: principal.url,
          addresses: addresses.map(fromHex),
        });
        if (unbuilt.length > 0) {
          throw new LocalError(
            'STATE_NOT_BUILT',
            `the state of ${unbuilt.map((each) => toHex(each.address)).join(', ')} cannot be built`,
          );
        }
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function isPortTaken(error: unknown): boolean {
  if (error instanceof IpcError) return error.code === 'ENDPOINT_IN_USE';
  return error instanceof PrincipalError && error.code === 'LISTEN_FAILED';
}

async function onPort<T>(
  what: string,
  port: number,
  { takeFreePorts = false }: LocalNetworkOptions,
  notices: string[],
  start: (port: number) => Promise<T>,
): Promise<T> {
  try {
    return await start(port);
  } catch (error) {
    if (!takeFreePorts || port === 0 || !isPortTaken(error)) throw error;
    notices.push(`port ${port} is taken: the ${what} listens on another one`);
    return start(0);
  }
}
