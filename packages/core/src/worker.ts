import { mkdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@enigma-worker/crypto';
import { DEFAULT_LIMITS } from '@enigma-worker/protocol';
import { ATTESTATION_SIMULATION_WARNING, openAttestation } from './enclave/attestation/open-attestation.js';
import { AttestationError, type AttestationProvider } from './enclave/attestation/provider.js';
import type { Enclave, EnclaveStats } from './enclave/enclave.js';
import { openEnclave } from './enclave/open-enclave.js';
import type { EnclaveOptions } from './enclave/options.js';
import { openSealer, SIMULATION_WARNING } from './enclave/sealing/open-sealer.js';
import type { Sealer } from './enclave/sealing/sealer.js';
import { createHandlers } from './handlers/handlers.js';
import { Dispatch } from './ipc/dispatch.js';
import { isOpenToAll } from './ipc/endpoint.js';
import type { AllowListChange } from './ipc/transport.js';
import { Server, type ServerOptions, type ServerStats } from './ipc/server.js';
import { ListThreads } from './lists/list-threads.js';
import { type Logger, silentLogger } from '@enigma-worker/host';
import type { Metrics } from './ops/metrics.js';
import {
  DEFAULT_QUEUE_LIMITS,
  DEFAULT_STOP_TIMEOUT,
  HELD_BYTES,
  OUTBOUND_BYTES,
  SPIN,
  type WorkerModules,
  type WorkerOptions,
  YOUNG_GENERATION_MB,
} from './options.js';
import { openStore } from './store/open.js';
import type { Store } from './store/store.js';
import { boundYoungGeneration } from './young-generation.js';

/** Figures of a worker: what is pending at the socket, and in the enclave. */
export interface WorkerStats {
  readonly server: ServerStats;
  readonly enclave: EnclaveStats;
}

/** A worker that serves. */
export interface Worker extends AsyncDisposable {
  /** Where peers reach it, with the port that was taken if any was asked. */
  readonly endpoint: string;
  /** Where metrics and health are, if they were asked for. */
  readonly httpUrl: string | undefined;
  /** 20 bytes: whose signature stands under receipts. */
  readonly signingAddress: Uint8Array;
  stats(): WorkerStats;
  /**
   * Puts another list in place of the CURVE keys that may connect. Peers whose key is missing from it are disconnected;
   * for that all have to connect anew, which ZeroMQ does by itself.
   * @throws IpcError `BAD_CURVE_KEY` or `NO_CURVE`, and the list stays as it was; `ENDPOINT_IN_USE` or `BAD_ENDPOINT`
   * when the address was lost meanwhile: nobody is served any more
   */
  allowClients(publicKeys: readonly string[]): Promise<AllowListChange>;
  /** Answers what was accepted, refuses what comes, flushes, and closes everything, in bounded time. Idempotent. */
  close(): Promise<void>;
}

interface Closable {
  close(): Promise<void>;
}

/**
 * Starts a worker: store, enclave, handlers, socket; each is given to the next, and they close in reverse.
 *
 * @throws StoreError, SealingError, AttestationError, IpcError or OpsError, with nothing left open
 */
export async function startWorker(options: WorkerOptions, modules: WorkerModules = {}): Promise<Worker> {
  const opened: Closable[] = [];
  try {
    return await start(options, modules, opened);
  } catch (error) {
    await closeInReverse(opened);
    throw error;
  }
}

async function start(options: WorkerOptions, modules: WorkerModules, opened: Closable[]): Promise<Worker> {
  const { dataDir } = options;
  const { log = silentLogger } = modules;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const storePath = join(dataDir, 'store');
  const metrics = options.http === undefined ? undefined : (await import('./ops/metrics.js')).createMetrics();
  const {
    sealer = await openSealer({ kind: 'simulation', dataDir }),
    attestation = defaultAttestation(options),
  } = modules;
  const store = await openStore(storePath, {
    logger: log,
    ...(metrics !== undefined && { observer: metrics.commits }),
    ...(options.storeInMemory !== undefined && { memory: { ...options.storeInMemory, cipher: sealer } }),
  });
  opened.push(store);
  warnOfSimulation(sealer, attestation, log);
  if (options.insecureBind === true && isOpenToAll(options)) log.warn({ bind: options.bind }, OPEN_WARNING);
  const enclave = await openEnclave(
    { store, storePath: store.readerFolder, sealer, attestation, log },
    enclaveOptions(options),
  );
  opened.push(enclave);
  if (options.requireReport === true) await requireReport(enclave, attestation);
  opened.push(boundYoungGeneration(options.youngGenerationMb ?? YOUNG_GENERATION_MB));

  const lists = listThreads(store.readerFolder, options, log);
  if (lists !== undefined) opened.push(lists);
  const server = await Server.start(
    { ...serverOptions(options, log), giveUp: () => enclave.giveUp() },
    dispatch(enclave, store, { ...options, lists }, log, metrics),
  );
  opened.push(server);

  const stats = (): WorkerStats => ({ server: server.stats(), enclave: enclave.stats() });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= closeInReverse(opened));
  metrics?.watch({
    stats,
    store,
    storeBytes: () => fileSize(join(storePath, options.storeInMemory === undefined ? 'data.mdb' : 'journal')),
  });
  const http = await serveOps(options, metrics, () => closed !== undefined);
  // At the front, so that it closes last: it tells that the worker is stopping.
  if (http !== undefined) opened.unshift(http);

  const { endpoint } = server;
  const { signingAddress } = enclave;
  log.info({ endpoint, http: http?.url, signingAddress: toHex(signingAddress) }, 'worker started');
  return {
    endpoint,
    httpUrl: http?.url,
    signingAddress,
    stats,
    allowClients: (publicKeys) => server.allowClients(publicKeys),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function defaultAttestation({ retries }: WorkerOptions): AttestationProvider {
  return openAttestation({ kind: 'auto', ...(retries !== undefined && { retries }) });
}

/** What a platform needs, for who asked for it where it is not. */
const PLATFORM_NEEDS: Readonly<Record<AttestationProvider['kind'], string>> = {
  gramine: 'run the core under gramine-sgx, with sgx.remote_attestation = "dcap" in its manifest',
  tsm: 'the machine must be a confidential one whose kernel offers /sys/kernel/config/tsm/report, and the core must be allowed to write there',
  simulation: 'look at the folder of the program',
};

async function requireReport(enclave: Enclave, { kind }: AttestationProvider): Promise<void> {
  try {
    await enclave.registration();
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error;
    const text = `${error.message}; ${PLATFORM_NEEDS[kind]}, or let the core take what it finds (--attestation auto)`;
    throw new AttestationError(error.code, text, { cause: error });
  }
}

const OPEN_WARNING =
  'plain TCP beyond loopback: whoever reaches this port commands the worker, and reads what it says';

/** Nobody may take a simulation for the protection that it stands in for, however it was chosen. */
function warnOfSimulation(sealer: Sealer, attestation: AttestationProvider, log: Logger): void {
  if (sealer.mode === 'simulation') log.warn({}, SIMULATION_WARNING);
  if (attestation.kind === 'simulation') log.warn({}, ATTESTATION_SIMULATION_WARNING);
}

/** A few saturate what they read from, and what they write to. */
const MOST_LIST_THREADS = 4;

/** None for a store in memory: an enclave's threads and its address space are counted. */
function listThreads(
  folder: string,
  { dialect = 'seed', messageLimits, storeInMemory }: WorkerOptions,
  log: Logger,
): ListThreads | undefined {
  if (storeInMemory !== undefined) return undefined;
  const limits = { ...DEFAULT_LIMITS, ...messageLimits };
  return new ListThreads(
    { folder, dialect, limits },
    Math.min(availableParallelism(), MOST_LIST_THREADS),
    log,
  );
}

function dispatch(
  enclave: Enclave,
  store: Store,
  { dialect = 'seed', messageLimits, lists }: WorkerOptions & { readonly lists: ListThreads | undefined },
  log: Logger,
  metrics: Metrics | undefined,
): Dispatch {
  return new Dispatch(createHandlers(enclave, store), {
    dialect,
    limits: { ...DEFAULT_LIMITS, ...messageLimits },
    log,
    ...(metrics !== undefined && { observer: metrics.observer }),
    ...(lists !== undefined && { lists }),
  });
}

async function serveOps({ http }: WorkerOptions, metrics: Metrics | undefined, stopping: () => boolean) {
  if (http === undefined || metrics === undefined) return undefined;
  const { serveHttp } = await import('./ops/http.js');
  return serveHttp(http, { metrics, notReady: () => (stopping() ? 'the worker is stopping' : undefined) });
}

function enclaveOptions({ enclave, principalAddress }: WorkerOptions): Partial<EnclaveOptions> {
  return { ...enclave, ...(principalAddress !== undefined && { principalAddress }) };
}

function serverOptions(options: WorkerOptions, log: Logger): ServerOptions {
  const {
    bind,
    port,
    curve,
    insecureBind,
    messageLimits,
    queueLimits,
    stopTimeout = DEFAULT_STOP_TIMEOUT,
  } = options;
  return {
    outboundBytes: OUTBOUND_BYTES,
    heldBytes: HELD_BYTES,
    ...(bind !== undefined && { bind }),
    ...(port !== undefined && { port }),
    ...(curve !== undefined && { curve }),
    ...(insecureBind !== undefined && { insecureBind }),
    // What is a little too long is read, for the sake of its id.
    maxFrameBytes: 2 * (messageLimits?.messageBytes ?? DEFAULT_LIMITS.messageBytes),
    limits: { ...DEFAULT_QUEUE_LIMITS, ...queueLimits },
    // With one core the peer would wait for the very cycles that are spent on waiting for it.
    spin: availableParallelism() > 1 ? SPIN : 0,
    stopTimeout,
    log,
  };
}

async function closeInReverse(opened: Closable[]): Promise<void> {
  for (const resource of opened.splice(0).reverse()) await resource.close();
}

function fileSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
