import type { Policy, RegistrationParams } from '@enigma-worker/attestation';
import { Command } from 'commander';
import { addCoreClientFlags } from '../connection.js';
import { CommandError } from '../errors.js';
import { readText, reasonOf } from '../files.js';
import { fields, style, toJson } from '../output/style.js';
import { askForRegistration, readRegistration } from '../registration.js';

interface Options {
  readonly policy?: string;
  readonly pccs?: string;
  readonly report?: string;
  readonly json?: boolean;
}

/** `enigma attest verify`. */
export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('judge what a core says about itself by a policy; refused: exit code 1')
    .option('--policy <file>', 'what is accepted, as docs/threat-model.md describes; without one nothing is')
    .option('--pccs <url>', "fetch Intel's collateral from there, in place of the policy's")
    .option('--report <file>', 'a report kept by `enigma attest show --json`, instead of asking a core')
    .option('--json', 'print JSON')
    .action(async ({ policy: file, pccs, report, json }: Options) => {
      const { describeReport, describeVerdict, parsePolicy, verifyReport } =
        await import('@enigma-worker/attestation');
      const policy = parsePolicy(file === undefined ? '{}' : readText(file), new Date());
      const params = report === undefined ? await askForRegistration(command) : readRegistration(report);
      const verdict = await verifyReport(params, await withCollateral(policy, params, pccs));
      if (json === true) {
        console.log(toJson(verdict));
      } else {
        const line = describeVerdict(verdict);
        console.log(
          `${fields(await describeReport(params))}\n${verdict.ok ? style.good(line) : style.bad(line)}`,
        );
      }
      if (!verdict.ok) process.exitCode = 1;
    });
  return addCoreClientFlags(command);
}

/** Nothing that is fetched is trusted: the verification checks all of it against the root. */
async function withCollateral(
  policy: Policy,
  { report }: RegistrationParams,
  service: string | undefined,
): Promise<Policy> {
  if (service === undefined) return policy;
  const { EvidenceError, fetchDcapCollateral, parseEvidence } = await import('@enigma-worker/attestation');
  try {
    const { kind, quote } = parseEvidence(report);
    if (kind !== 'sgx' && kind !== 'tdx') return policy;
    return { ...policy, dcap: { ...policy.dcap, collateral: await fetchDcapCollateral(quote, service) } };
  } catch (error) {
    // The verdict says what is wrong with a report that cannot be read.
    if (error instanceof EvidenceError) return policy;
    throw new CommandError(`${service}: ${reasonOf(error)}`);
  }
}
