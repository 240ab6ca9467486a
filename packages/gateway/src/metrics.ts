import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What a gateway counts; one registry for each, so that two fit into one process. */
export interface GatewayMetrics {
  /** A call of a method ended: `OK`, or the code of an error. */
  called(method: string, outcome: string, seconds: number): void;
  /** A task that was begun ended: `SUCCESS`, `FAILED`, or the code of an error. */
  ran(outcome: string): void;
  /** All figures in the text format of Prometheus. */
  text(): Promise<string>;
  /** The media type of {@link GatewayMetrics.text}. */
  readonly contentType: string;
}

/** Seconds: most calls ask the core for one thing; some wait for the result of a task. */
const LATENCY = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** @param reachable whether the core answers, undefined when it was not asked yet */
export function createMetrics(reachable: () => boolean | undefined): GatewayMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'enigma_gateway_requests_total',
    help: 'JSON-RPC requests by method and outcome',
    labelNames: ['method', 'outcome'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'enigma_gateway_request_seconds',
    help: 'Time to answer a JSON-RPC request',
    labelNames: ['method'] as const,
    buckets: LATENCY,
    registers,
  });
  const tasks = new Counter({
    name: 'enigma_gateway_tasks_total',
    help: 'Tasks that were begun for a caller and ended, by outcome',
    labelNames: ['outcome'] as const,
    registers,
  });
  registry.registerMetric(
    new Gauge({
      name: 'enigma_gateway_core_reachable',
      help: 'Whether the core answers: 1 or 0',
      registers: [],
      collect() {
        this.set(reachable() === false ? 0 : 1);
      },
    }),
  );
  return {
    called(method, outcome, duration) {
      requests.inc({ method, outcome });
      seconds.observe({ method }, duration);
    },
    ran: (outcome) => tasks.inc({ outcome }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
