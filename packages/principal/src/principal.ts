import { addressOf, toHex } from '@enigma-worker/crypto';
import { PRINCIPAL_METHODS } from '@enigma-worker/protocol';
import { type Admission, admitAll, admitAny, admitListed } from './authorisation/admission.js';
import { assignAll } from './authorisation/assignment.js';
import { assignByStake, openEpochFile } from './authorisation/epochs.js';
import {
  openRegistrationDesk,
  type RegistrationDesk,
  type RegistrationOptions,
} from './authorisation/registration.js';
import { listen } from './http.js';
import { type FolderLock, type Logger, silentLogger } from '@enigma-worker/host';
import { createMetrics } from './metrics.js';
import { getStateKeys } from './rpc/get-state-keys.js';
import { registerWorker } from './rpc/register-worker.js';
import { createRpcServer, type RpcMethod } from './rpc/server.js';
import { openContractBook } from './secrets/contract-book.js';
import { lockDataDir } from './secrets/data-lock.js';
import { openRegistrationBook } from './secrets/registration-book.js';
import type { Sealer } from './secrets/sealer.js';
import { expectUpToDate, loadOrCreateSecrets, SECRETS_FILE } from './secrets/vault.js';

/** How a principal runs. */
export interface PrincipalOptions {
  /** Holds the sealed secrets, the list of contracts and the registrations of workers. */
  readonly dataDir: string;
  readonly sealer: Sealer;
  /** Default 127.0.0.1. Nothing here is encrypted in transit but the state keys: keep it behind TLS. */
  readonly host?: string;
  /** Default 3040; 0 takes any free port. */
  readonly port?: number;
  readonly authorisation?: AuthorisationOptions;
  /** Bytes of the longest request body. Default 2 MiB. */
  readonly bodyLimit?: number;
  readonly log?: Logger;
  /** The current time in milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

/**
 * Who gets which keys. A worker must be admitted, by the list or by registration; where neither is
 * given, every worker is, which is for local development and warned of at start. With a
 * worker-parameter file an admitted worker gets only the keys of the contracts it is chosen for; the
 * file alone is enough, since only the workers that it names are ever chosen.
 */
export interface AuthorisationOptions {
  /** Signing addresses of admitted workers, 20 bytes each. */
  readonly workers?: readonly Uint8Array[];
  /** Admits workers whose attestation verifies. */
  readonly registration?: RegistrationOptions;
  /** Path of a worker-parameter file: see `openEpochFile`. */
  readonly epochFile?: string;
}

/** A principal that runs. */
export interface Principal extends AsyncDisposable {
  /** 20 bytes: what cores pin with `--principal-address`. */
  readonly address: Uint8Array;
  /** Where it listens, e.g. `http://127.0.0.1:3040`. */
  readonly url: string;
  readonly port: number;
  /** Answers what is under way, for some seconds at most, then stops. Idempotent. */
  close(): Promise<void>;
}

const DEFAULT_BODY_LIMIT = 2 << 20;

const SIMULATION_WARNING =
  'sealing in simulation: the sealing key lies beside the master secret, which protects nothing from the owner of this machine';

/**
 * Starts the master node: it holds the state keys of all contracts and gives each worker those of the
 * contracts that it may run, over JSON-RPC.
 * @throws PrincipalError `LOCKED`, `LISTEN_FAILED`, `DATA_CORRUPT`, `SECRETS_MISSING`, `SECRETS_OUTDATED`,
 * `EPOCHS_MALFORMED`; what the sealer throws
 */
export async function startPrincipal(options: PrincipalOptions): Promise<Principal> {
  const lock = await lockDataDir(options.dataDir);
  try {
    return await start(options, lock);
  } catch (error) {
    // Until it starts, what a sudden end left is not mended.
    await lock.releaseAsFound();
    throw error;
  }
}

/** @param lock is given back when all of it has stopped */
async function start(options: PrincipalOptions, lock: FolderLock): Promise<Principal> {
  const { dataDir, sealer, host = '127.0.0.1', port = 3040, log = silentLogger, now = Date.now } = options;
  const { authorisation = {}, bodyLimit = DEFAULT_BODY_LIMIT } = options;
  if (sealer.mode === 'simulation') log.warn({}, SIMULATION_WARNING);
  const secrets = await loadOrCreateSecrets(dataDir, sealer);
  const epochFile =
    authorisation.epochFile === undefined ? undefined : await openEpochFile(authorisation.epochFile, log);
  const desk =
    authorisation.registration === undefined
      ? undefined
      : await openRegistrationDesk(authorisation.registration, {
          book: await openRegistrationBook(dataDir, sealer),
          log,
          now,
        });
  const book = await openContractBook(dataDir, { isSuspect: lock.wasAbandoned, log });
  try {
    expectUpToDate(secrets, book, SECRETS_FILE);
    const metrics = createMetrics(() => book.size);
    const methods: Record<string, RpcMethod> = {
      [PRINCIPAL_METHODS.getStateKeys]: getStateKeys({
        secrets,
        book,
        admission: admissionOf(authorisation, desk, log),
        assignment: epochFile === undefined ? assignAll : assignByStake(epochFile.epochs),
        refresh: async () => await epochFile?.refresh(),
        keysGiven: metrics.keysGiven,
        log,
      }),
      [PRINCIPAL_METHODS.getHealthCheck]: () => true,
      ...(desk === undefined ? {} : { registerWorker: registerWorker(desk) }),
    };
    const rpc = createRpcServer(methods, metrics, log);
    let closing: Promise<void> | undefined;
    const http = await listen(
      { host, port, bodyLimit },
      { rpc, metrics, log, healthy: () => closing === undefined && !book.isInDoubt },
    );
    const address = addressOf(secrets.signing.publicKey);
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`;
    log.info({ url, address: toHex(address), generations: secrets.generations.length }, 'principal started');
    const stop = async (): Promise<void> => {
      await http.close();
      await book.close();
      await lock.release();
    };
    const close = (): Promise<void> => (closing ??= stop());
    return { address, url, port: http.port, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await book.close();
    throw error;
  }
}

function admissionOf(
  { workers, epochFile }: AuthorisationOptions,
  desk: RegistrationDesk | undefined,
  log: Logger,
): Admission {
  const admissions = [
    ...(workers === undefined ? [] : [admitListed(workers)]),
    ...(desk === undefined ? [] : [desk]),
  ];
  if (admissions.length > 0) return admitAny(admissions);
  if (epochFile === undefined) {
    log.warn(
      {},
      'no authorisation is configured: any worker gets the keys of any contract; for local development only',
    );
  }
  return admitAll;
}
