import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RpcErrorCode } from './rpc/errors.js';

/** What the principal counts; one registry for each principal, so that two fit into one process. */
export interface PrincipalMetrics {
  /** Notes that a request begins; call the result with its outcome. */
  start(this: void, method: string): (outcome: 'OK' | RpcErrorCode) => void;
  /** Notes how many state keys a response held. */
  keysGiven(this: void, count: number): void;
  /** All figures in the text format of Prometheus. */
  text(): Promise<string>;
  /** The media type of {@link PrincipalMetrics.text}. */
  readonly contentType: string;
}

/** @param contracts how many contracts are known now */
export function createMetrics(contracts: () => number): PrincipalMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'enigma_principal_requests_total',
    help: 'JSON-RPC requests by method and outcome',
    labelNames: ['method', 'outcome'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'enigma_principal_request_seconds',
    help: 'Time to answer a JSON-RPC request',
    labelNames: ['method'] as const,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1],
    registers,
  });
  const keys = new Counter({
    name: 'enigma_principal_state_keys_total',
    help: 'State keys given out',
    registers,
  });
  registry.registerMetric(
    new Gauge({
      name: 'enigma_principal_contracts',
      help: 'Contracts that keys were given out for',
      registers: [],
      collect() {
        this.set(contracts());
      },
    }),
  );
  return {
    start: (method) => {
      const stop = seconds.startTimer({ method });
      return (outcome) => {
        stop();
        requests.inc({ method, outcome });
      };
    },
    keysGiven: (count) => keys.inc(count),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
