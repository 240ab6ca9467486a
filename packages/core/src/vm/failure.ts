/** Text of a task that used up its gas. Source: docs/protocol.md, "Errors". */
export const outOfGasText = 'Invocation resulted in gas limit violated';

/**
 * Text of a task whose code failed while it ran or while it was prepared. Source: docs/protocol.md, "Errors".
 * @param revertReason what the contract said before it executed `unreachable`; it is added, and to no other trap
 */
export function executionText(reason: string, revertReason?: string): string {
  const text = `Error in execution of WASM code: ${reason}`;
  return reason === 'unreachable' && revertReason !== undefined ? `${text}: ${revertReason}` : text;
}

/** The traps that the original's interpreter tells apart. Source: docs/protocol.md, "Errors". */
export type TrapText =
  | 'unreachable'
  | 'memory access out of bounds'
  | 'table access out of bounds'
  | 'division by zero'
  | 'invalid conversion to int'
  | 'unexpected signature'
  | 'stack overflow';

/**
 * Ends the running contract from inside a host function. It unwinds through the contract, which has no way to catch it,
 * and stops at the VM: nobody else ever sees one.
 */
export class ContractStop extends Error {
  override readonly name = 'ContractStop';
  readonly code: 'TRAP' | 'OUT_OF_GAS';

  constructor(code: 'TRAP' | 'OUT_OF_GAS', message: string) {
    super(message);
    this.code = code;
  }
}

/** Ends the contract as a trap would: it failed, and pays for what it did until here. */
export function stop(reason: string): ContractStop {
  return new ContractStop('TRAP', reason);
}
