import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EnclaveStats } from '../enclave/enclave.js';
import type { RequestObserver } from '../ipc/dispatch.js';
import type { ServerStats } from '../ipc/server.js';
import type { StoreCounts } from '../store/store.js';

/** Where figures come from when they are asked for. */
export interface MetricsSources {
  readonly stats: () => { readonly server: ServerStats; readonly enclave: EnclaveStats };
  readonly storeCounts: () => StoreCounts;
  /** Bytes of the database file. */
  readonly storeBytes: () => number;
}

/** Figures of one worker, in the text format of Prometheus. */
export interface Metrics {
  readonly observer: RequestObserver;
  /** The media type of the text. */
  readonly contentType: string;
  /** Adds what is read only when somebody asks. */
  watch(sources: MetricsSources): void;
  text(): Promise<string>;
}

/** Seconds: an echo takes a fifth of a millisecond, a heavy contract seconds. */
const LATENCY = [0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

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
  return {
    observer: {
      answered(type, outcome, duration) {
        requests.inc({ type, outcome });
        seconds.observe({ type }, duration);
      },
      usedGas: (type, amount) => gas.inc({ type }, Number(amount)),
    },
    contentType: registry.contentType,
    watch: (sources) => {
      for (const [name, help, read] of gauges(sources)) registry.registerMetric(gauge(name, help, read));
    },
    text: () => registry.metrics(),
  };
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

function gauges({ stats, storeCounts, storeBytes }: MetricsSources): readonly Figure[] {
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
    ['enigma_contracts', 'Contracts that are stored', () => storeCounts().contracts],
    ['enigma_deltas', 'Deltas that are stored', () => storeCounts().deltas],
    ['enigma_store_bytes', 'Bytes of the database file', storeBytes],
  ];
}
