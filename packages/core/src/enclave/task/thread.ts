// The script of an executor thread.
import { threadId, workerData } from 'node:worker_threads';
import type { ExecutorLink } from '../../executors/link.js';
import { ownThread, setThreadPriority } from '../../executors/priority.js';
import { serve } from '../../executors/serve.js';
import { openStoreReader } from '../../store/reader.js';
import { Engine } from '../../vm/engine.js';
import { StateAccess } from '../state/state-access.js';
import { ValueCache } from '../state/value-store.js';
import { countingUse } from './cache-counts.js';
import { taskService } from './service.js';

/** What the enclave tells its executor threads when they start. */
export interface ThreadSetup {
  readonly storePath: string;
  /** 32 bytes. */
  readonly signingKey: Uint8Array;
  /** See `EnclaveOptions.executorNiceness`. */
  readonly niceness: number;
  /** Of `cacheCountsMemory`. */
  readonly cacheCounts: SharedArrayBuffer;
}

const { link, setup } = workerData as { readonly link: ExecutorLink; readonly setup: ThreadSetup };
setThreadPriority(ownThread(), setup.niceness);
const reader = openStoreReader(setup.storePath);
const use = countingUse(setup.cacheCounts, threadId);
const engine = new Engine({ cacheUse: { modules: use.module, instances: use.instance } });
const states = new StateAccess(reader, new ValueCache({ cacheUse: use.value }));
try {
  await serve(link, taskService({ engine, reader, states, signingKey: setup.signingKey }));
} finally {
  engine.close();
  await reader.close();
}
