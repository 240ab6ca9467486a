import type { FailedTask } from '../transport.js';
import type { OpenTask } from './openTask.js';

/**
 * The text of a failure: `callContract` and `deployContract` have opened it already, this is for who sends tasks
 * by a transport of their own. Only the holder of the task's key can read it.
 * @throws SdkError `RECEIPT_INVALID` when the failure was sealed for another task, or altered
 */
export function decryptFailure(task: OpenTask, failed: FailedTask): string {
  return task.openFailure(failed.output);
}
