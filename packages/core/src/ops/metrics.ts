import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EnclaveStats } from '../enclave/enclave.js';
import type { RequestObserver } from '../ipc/dispatch.js';
import { FAILURE_CODES } from '../ipc/failure-log.js';
import type { ServerStats } from '../ipc/server.js';
import type { CommitObserver, Store } from '../store/store.js';

/** Where figures come from when they are asked for. */
export interface MetricsSources {
  readonly stats: () => { readonly server: ServerStats; readonly enclave: EnclaveStats };
  readonly store: Pick<Store, 'counts' | 'tipCacheUse'>;
  /** Bytes of the database file. */
  readonly storeBytes: () => number;
}

/** Figures of one worker, in the text format of Prometheus. */
export interface Metrics {
  readonly observer: RequestObserver;
  readonly commits: CommitObserver;
  /** The media type of the text. */
  readonly contentType: string;
  /** Adds what is read only when somebody asks. */
  watch(sources: MetricsSources): void;
  text(): Promise<string>;
}

/** Seconds: an echo takes a fifth of a millisecond, a heavy contract seconds. */
const LATENCY = [0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Seconds: a good disk flushes in a tenth of a millisecond, one that is in trouble in seconds. */
const FLUSH = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
/** Operations that share a flush. */
const GROUPS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** A registry of its own, so that two workers in one process do not meet. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'enigma_requests_total',
    help: 'Requests answered, by message and outcome; refused ones were not accepted because too much was pending',
    labelNames: ['type', 'outcome'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'enigma_request_seconds',
    help: 'Time from the arrival of a request to its reply',
    labelNames: ['type'] as const,
    buckets: LATENCY,
    registers,
  });
  const gas = new Counter({
    name: 'enigma_gas_used_total',
    help: 'Gas used by tasks, failed ones included',
    labelNames: ['type'] as const,
    registers,
  });
  const failures = new Counter({
    name: 'enigma_failures_total',
    help: 'Requests that failed because the machine did: its disk, what is stored, its platform; by code',
    labelNames: ['code'] as const,
    registers,
  });
  // A series that begins with its first failure would not be seen to grow.
  for (const code of FAILURE_CODES) failures.inc({ code }, 0);
  const commits = commitMetrics(registers);
  return {
    commits,
    observer: {
      answered(type, outcome, duration) {
        requests.inc({ type, outcome });
        seconds.observe({ type }, duration);
      },
      usedGas: (type, amount) => gas.inc({ type }, Number(amount)),
      broke: (code) => failures.inc({ code }),
    },
    contentType: registry.contentType,
    watch: (sources) => {
      for (const [name, help, read] of gauges(sources)) registry.registerMetric(gauge(name, help, read));
      for (const counter of cacheMetrics(sources)) registry.registerMetric(counter);
    },
    text: () => registry.metrics(),
  };
}

function commitMetrics(registers: Registry[]): CommitObserver {
  const seconds = new Histogram({
    name: 'enigma_commit_seconds',
    help: 'Time of a commit to the store, until it is on the disk',
    buckets: FLUSH,
    registers,
  });
  const operations = new Histogram({
    name: 'enigma_commit_operations',
    help: 'Operations, such as the changes of a task, that shared one commit',
    buckets: GROUPS,
    registers,
  });
  const failures = new Counter({
    name: 'enigma_commit_failures_total',
    help: 'Operations of which nothing was stored because their commit failed',
    registers,
  });
  return {
    committed(duration, count) {
      seconds.observe(duration);
      operations.observe(count);
    },
    failed: () => failures.inc(),
  };
}

/** What is counted elsewhere, read when somebody asks. */
function cacheMetrics({ stats, store }: MetricsSources): readonly Counter[] {
  const caches = () => Object.entries({ ...stats().enclave.caches, tip: store.tipCacheUse() });
  const counter = (name: string, help: string, of: 'hits' | 'misses'): Counter =>
    new Counter({
      name,
      help,
      labelNames: ['cache'] as const,
      registers: [],
      collect() {
        this.reset();
        for (const [cache, use] of caches()) this.inc({ cache }, use[of]);
      },
    });
  return [
    counter('enigma_cache_hits_total', 'Times that what was looked for was in a cache', 'hits'),
    counter('enigma_cache_misses_total', 'Times that what was looked for was not in a cache', 'misses'),
  ];
}

function gauge(name: string, help: string, read: () => number): Gauge {
  return new Gauge({
    name,
    help,
    registers: [],
    collect() {
      this.set(read());
    },
  });
}

type Figure = readonly [name: string, help: string, read: () => number];

function gauges({ stats, store, storeBytes }: MetricsSources): readonly Figure[] {
  const server = (): ServerStats => stats().server;
  const enclave = (): EnclaveStats => stats().enclave;
  return [
    ['enigma_tasks_pending', 'Tasks accepted and not answered', () => server().tasks],
    ['enigma_tasks_waiting', 'Tasks accepted and not yet handed to the executors', () => server().waiting],
    ['enigma_writes_pending', 'Writes and key exchanges accepted and not answered', () => server().writes],
    ['enigma_reads_pending', 'Reads of many things accepted and not answered', () => server().reads],
    ['enigma_executors', 'Executor threads', () => enclave().executors],
    ['enigma_jobs_queued', 'Jobs that wait for an executor', () => enclave().queued],
    ['enigma_jobs_running', 'Jobs in the hands of executors', () => enclave().running],
    ['enigma_executors_replaced', 'Threads replaced since the start', () => enclave().replaced],
    ['enigma_jobs_timed_out', 'Jobs ended by the watchdog since the start', () => enclave().timedOut],
    ['enigma_task_keys', 'Task keys held for users', () => enclave().taskKeys],
    ['enigma_exchanges_pending', 'Key exchanges begun and not answered', () => enclave().exchanges],
    ['enigma_state_keys', 'State keys in memory', () => enclave().stateKeys],
    ['enigma_contracts', 'Contracts that are stored', () => store.counts().contracts],
    ['enigma_deltas', 'Deltas that are stored', () => store.counts().deltas],
    ['enigma_store_bytes', 'Bytes of the database file', storeBytes],
  ];
}
