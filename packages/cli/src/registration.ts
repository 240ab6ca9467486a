import type { RegistrationParams } from '@enigma-worker/attestation';
import { fromHex } from '@enigma-worker/crypto';
import type { Command } from 'commander';
import { z } from 'zod';
import { settingsFrom } from './config/from-command.js';
import { clientSettings, connectClient, requireWorker } from './connection.js';
import { UsageError } from './errors.js';
import { readText } from './files.js';

const hex = z.string().transform((text, context) => {
  try {
    return fromHex(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'expected hex' });
    return z.NEVER;
  }
});
const registration = z.object({ signingKey: hex, report: hex, signature: hex });

/**
 * The registration parameters of the core that flags, environment and config file name.
 * @throws CommandError when it is another worker than `--worker` says; ClientError
 */
export async function askForRegistration(command: Command): Promise<RegistrationParams> {
  const values = await settingsFrom(command, 'client', clientSettings);
  const client = await connectClient(values);
  try {
    const params = await client.getRegistrationParams({});
    requireWorker(params, values);
    return params;
  } finally {
    await client.close();
  }
}

/**
 * The registration parameters in a file: what GetRegistrationParams gave, or `enigma attest show --json`.
 * @throws UsageError when it holds something else
 */
export function readRegistration(path: string): RegistrationParams {
  const text = readText(path);
  try {
    const json: unknown = JSON.parse(text);
    const result = z.object({ result: z.unknown() }).safeParse(json);
    return registration.parse(result.success ? result.data.result : json);
  } catch {
    throw new UsageError(`${path}: expected JSON with signingKey, report and signature in hex`);
  }
}
