import { ClientError } from '@enigma-worker/client';
import { PrincipalClientError } from '@enigma-worker/principal/client';
import { JSONRPCErrorException } from 'json-rpc-2.0';
import type { GatewayLog } from './log.js';
import type { GatewayMetrics } from './metrics.js';
import { INVALID_PARAMS } from './params.js';
import type { TaskResult } from './tasks.js';

/** Sees how calls and tasks end. What they are about stays out of logs and figures. */
export interface Observer {
  call<T>(method: string, run: () => Promise<T>): Promise<T>;
  task(taskId: string, run: () => Promise<TaskResult>): Promise<TaskResult>;
}

/** Counts and logs. That the core is gone is told by its watch, once, and not with every call that fails by it. */
export function createObserver(log: GatewayLog, metrics?: Pick<GatewayMetrics, 'called' | 'ran'>): Observer {
  return {
    async call(method, run) {
      const start = performance.now();
      let outcome = 'OK';
      try {
        return await run();
      } catch (error) {
        outcome = outcomeOf(error) ?? 'INTERNAL';
        if (outcome === 'INTERNAL') log.error({ method, err: error }, 'call failed: this is a bug');
        else log.debug({ method, outcome, reason: messageOf(error) }, 'call failed');
        throw error;
      } finally {
        metrics?.called(method, outcome, (performance.now() - start) / 1000);
      }
    },
    async task(taskId, run) {
      try {
        const result = await run();
        metrics?.ran(result.status);
        return result;
      } catch (error) {
        const outcome = outcomeOf(error) ?? 'INTERNAL';
        metrics?.ran(outcome);
        if (outcome === 'INTERNAL') log.error({ taskId, err: error }, 'task not run: this is a bug');
        else log.warn({ taskId, outcome, reason: messageOf(error) }, 'task not run');
        throw error;
      }
    },
  };
}

/** Undefined for what nobody expects. */
function outcomeOf(error: unknown): string | undefined {
  if (error instanceof JSONRPCErrorException)
    return error.code === INVALID_PARAMS ? 'INVALID_PARAMS' : 'REFUSED';
  if (error instanceof ClientError || error instanceof PrincipalClientError) return error.code;
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
