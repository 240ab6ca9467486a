import { keccak256, seal, sign, utf8 } from '@enigma-worker/crypto';
import { deployReceipt, inputsHash } from '@enigma-worker/protocol';
import type { Gate } from '../../executors/gate.js';
import type { Call } from '../../vm/call.js';
import { missingStateKey } from './errors.js';
import { ethereumOf } from './ethereum.js';
import { failedDeploy } from './failure.js';
import { gated } from './gated-state.js';
import { openInputs } from './inputs.js';
import type { DeployJob, Reply } from './messages.js';
import { prepare } from './prepare.js';
import type { Workshop } from './workshop.js';

/**
 * Runs a constructor: what it returns is the contract's code, and its state is delta 0.
 * The inputs are opened before the state key is missed. Source: docs/protocol.md, "Errors".
 */
export function deploy({ engine, states, signingKey }: Workshop, job: DeployJob, gate: Gate): Reply {
  const { input, ioKey, stateKey } = job;
  const preCodeHash = keccak256(input.preCode);
  const fail = (message: string, usedGas: bigint): Reply => {
    if (job.dryRun) return { kind: 'estimate', ok: false, output: seal(ioKey, utf8(message)), usedGas };
    return {
      kind: 'failed',
      result: failedDeploy(input, preCodeHash, { message, usedGas, ioKey, signingKey }),
    };
  };

  const inputs = openInputs(ioKey, input);
  if (!inputs.ok) return fail(inputs.message, 0n);
  if (stateKey === undefined) return missingStateKey(input.contractAddress);

  const state = states.open(input.contractAddress, stateKey);
  const { functionName, args } = inputs;
  const { preCode, encryptedFn, encryptedArgs, userDHKey, gasLimit } = input;
  const code = { hash: preCodeHash, load: () => preCode };
  const call: Call = { kind: 'deploy', functionName, args, gasLimit, state: gated(gate, state) };
  const outcome = gate.open(() => engine.deploy(code, call));
  if (!outcome.ok) return fail(outcome.message, outcome.usedGas);

  const prepared = prepare(state, 'deploy', outcome, job.dryRun);
  if (!prepared.ok) return fail(prepared.message, prepared.usedGas);

  const { usedGas } = outcome;
  if (job.dryRun) return { kind: 'estimate', ok: true, output: seal(ioKey, new Uint8Array(0)), usedGas };

  const { delta } = prepared;
  if (delta === undefined) throw new Error('a deployment always makes a delta');
  const { ethereumPayload, ethereumAddress } = ethereumOf(outcome);
  const receipt = deployReceipt({
    inputsHash: inputsHash({ encryptedFn, encryptedArgs, subject: preCodeHash, userDHKey }),
    codeHash: keccak256(outcome.result),
    deltaHash: delta.hash,
    gasLimit,
    usedGas,
    ethereumPayload,
    ethereumAddress,
  });
  return {
    kind: 'deployed',
    result: {
      output: outcome.result,
      preCodeHash,
      usedGas,
      ethereumPayload,
      ethereumAddress,
      signature: sign(receipt, signingKey),
    },
    change: { delta: delta.delta, state: delta.state },
  };
}
