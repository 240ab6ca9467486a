// The script of an executor thread.
import { workerData } from 'node:worker_threads';
import type { ExecutorLink } from '../../executors/link.js';
import { lowerOwnPriority } from '../../executors/priority.js';
import { serve } from '../../executors/serve.js';
import { openStoreReader } from '../../store/reader.js';
import { Engine } from '../../vm/engine.js';
import { StateAccess } from '../state/state-access.js';
import { taskService } from './service.js';

/** What the enclave tells its executor threads when they start. */
export interface ThreadSetup {
  readonly storePath: string;
  /** 32 bytes. */
  readonly signingKey: Uint8Array;
  /** See `EnclaveOptions.executorNiceness`. */
  readonly niceness: number;
}

const { link, setup } = workerData as { readonly link: ExecutorLink; readonly setup: ThreadSetup };
lowerOwnPriority(setup.niceness);
const reader = openStoreReader(setup.storePath);
const engine = new Engine();
const states = new StateAccess(reader);
try {
  await serve(link, taskService({ engine, reader, states, signingKey: setup.signingKey }));
} finally {
  engine.close();
  await reader.close();
}
