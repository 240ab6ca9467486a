import { IpcError, type Worker } from '@enigma-worker/core';
import type { Logger } from 'pino';
import { NOBODY, readAllowedClients } from './config/curve.js';
import { UsageError } from './errors.js';

/**
 * Reads the list of allowed CURVE keys anew and puts it in force. A list that cannot be used changes nothing.
 * @throws IpcError when the core can no longer listen where it did
 */
export async function reloadAllowedClients(
  worker: Pick<Worker, 'allowClients'>,
  allowFile: string,
  log: Logger,
): Promise<void> {
  try {
    const keys = readAllowedClients(allowFile);
    const { added, removed, reconnected } = await worker.allowClients(keys);
    const keyCount = keys.length;
    log.info(
      { allowFile, keys: keyCount, added, removed, reconnected },
      'the list of allowed clients was read again',
    );
    if (keyCount === 0) log.warn({ allowFile }, NOBODY);
  } catch (error) {
    const unusable =
      error instanceof UsageError || (error instanceof IpcError && error.code === 'BAD_CURVE_KEY');
    if (!unusable) throw error;
    log.error(
      { allowFile, reason: error.message },
      'the list of allowed clients cannot be used: the earlier one stays in force',
    );
  }
}
