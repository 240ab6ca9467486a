import { Code } from './code.js';
import { ContractError, deserializationError } from './contract-error.js';
import type { ModuleLimits } from './limits.js';
import { op } from './opcodes.js';
import { checkLimit } from './refuse.js';
import type { Refuse } from './refuse.js';

/**
 * Checks the form of a function's code: every instruction is known and complete, blocks are balanced and not too deep.
 *
 * @throws ContractError MALFORMED, and what `refuse` throws
 */
export function checkCode(bytes: Uint8Array, limits: ModuleLimits, refuse: Refuse): void {
  const code = new Code(bytes);
  let depth = 1;
  try {
    while (code.next()) {
      if (depth === 0) throw deserializationError('MALFORMED', 'code after the end of a function');
      if (code.opcode >= op.block && code.opcode <= op.if) {
        depth += 1;
        checkLimit('nested blocks', depth, limits.nesting, refuse);
      } else if (code.opcode === op.end) depth -= 1;
      else if (code.opcode === op.brTable) {
        checkLimit('targets of a br_table', code.first, limits.branchTargets, refuse);
      }
    }
  } catch (error) {
    if (!(error instanceof ContractError) || error.code === 'MALFORMED') throw error;
    // The length of an unknown instruction is unknown, too: what comes after it cannot be read.
    refuse(error);
    return;
  }
  if (depth !== 0) throw deserializationError('MALFORMED', 'a function does not end');
}
