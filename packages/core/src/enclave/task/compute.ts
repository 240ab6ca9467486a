import { keccak256, seal, sign, toHex, utf8 } from '@enigma-worker/crypto';
import { computeReceipt, inputsHash, zeroHash } from '@enigma-worker/protocol';
import type { Gate } from '../../executors/gate.js';
import { StoreError } from '../../store/errors.js';
import type { TaskChange } from '../../store/records.js';
import { isBehind } from '../../store/store.js';
import type { Call } from '../../vm/call.js';
import { missingStateKey, unknownContract } from './errors.js';
import { ethereumOf } from './ethereum.js';
import { failedCompute } from './failure.js';
import { gated } from './gated-state.js';
import { openInputs } from './inputs.js';
import type { ComputeJob, Reply } from './messages.js';
import { prepare } from './prepare.js';
import type { Workshop } from './workshop.js';

/**
 * Runs a function of a contract on its state. The state is looked up before the inputs are opened.
 * @param tell is given what the task changed before the result is sealed and signed, which takes longer
 * Source: docs/protocol.md, "Errors".
 */
export function compute(
  { engine, reader, states, signingKey }: Workshop,
  job: ComputeJob,
  gate: Gate,
  tell: (change: TaskChange) => void,
): Reply {
  const { input, ioKey, stateKey } = job;
  const { contractAddress, gasLimit } = input;
  const record = reader.contract(contractAddress);
  const codeHash = record?.codeHash;
  if (record === undefined || codeHash === undefined) return unknownContract(contractAddress);
  if (stateKey === undefined) return missingStateKey(contractAddress);
  if (isBehind(record)) return { kind: 'stale' };

  const fail = (message: string, usedGas: bigint): Reply => {
    if (job.dryRun) return { kind: 'estimate', ok: false, output: seal(ioKey, utf8(message)), usedGas };
    return {
      kind: 'failed',
      result: failedCompute(input, codeHash, { message, usedGas, ioKey, signingKey }),
    };
  };

  const inputs = openInputs(ioKey, input);
  if (!inputs.ok) return fail(inputs.message, 0n);

  const state = states.open(contractAddress, stateKey, record);
  const { functionName, args } = inputs;
  const code = { hash: codeHash, load: () => gate.shut(() => loadCode(reader, codeHash)) };
  const call: Call = { kind: 'compute', functionName, args, gasLimit, state: gated(gate, state) };
  const outcome = gate.open(() => engine.compute(code, call));
  if (!outcome.ok) return fail(outcome.message, outcome.usedGas);

  const prepared = prepare(state, 'compute', outcome, job.dryRun);
  if (!prepared.ok) return fail(prepared.message, prepared.usedGas);

  const { usedGas } = outcome;
  if (job.dryRun) return { kind: 'estimate', ok: true, output: seal(ioKey, outcome.result), usedGas };

  const { delta } = prepared;
  if (delta !== undefined) tell({ delta: delta.delta, state: delta.state });
  const output = seal(ioKey, outcome.result);
  // Spelled out, here and wherever each task passes: an object that is spread leaves garbage among V8's old objects,
  // which only a full collection removes.
  const { encryptedFn, encryptedArgs, userDHKey } = input;
  const { ethereumPayload, ethereumAddress } = ethereumOf(outcome);
  const receipt = computeReceipt({
    codeHash,
    inputsHash: inputsHash({ encryptedFn, encryptedArgs, subject: contractAddress, userDHKey }),
    previousDeltaHash: state.hash,
    deltaHash: delta?.hash ?? zeroHash(),
    outputHash: keccak256(output),
    gasLimit,
    usedGas,
    ethereumPayload,
    ethereumAddress,
  });
  const signature = sign(receipt, signingKey);
  return { kind: 'done', result: { output, usedGas, ethereumPayload, ethereumAddress, signature } };
}

function loadCode(reader: Workshop['reader'], codeHash: Uint8Array): Uint8Array {
  const code = reader.bytecode(codeHash);
  if (code === undefined)
    throw new StoreError('CORRUPT', `the store lists code ${toHex(codeHash)} but does not hold it`);
  return code;
}
