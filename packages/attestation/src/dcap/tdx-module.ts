import { equalBytes, fromHex } from '@enigma-worker/crypto';
import { Refusal } from '../refusal.js';
import type { EnclaveLevel } from './tcb-levels.js';

/** What a TDX quote says of the TDX module: the software of Intel's that keeps the host out of the machine. */
export interface TdxModule {
  /** 16 components: the module's security version, its generation, then those of the platform. */
  readonly svn: Uint8Array;
  /** 48 bytes; zeros for Intel. */
  readonly signer: Uint8Array;
  /** 8 bytes. */
  readonly attributes: Uint8Array;
}

/** What TCB info says of modules, numbers as hex. */
export interface ModulesOfTcbInfo {
  readonly tdxModule?: Identity;
  readonly tdxModuleIdentities?: readonly (Identity & {
    readonly id: string;
    readonly tcbLevels: readonly EnclaveLevel[];
  })[];
}

interface Identity {
  readonly mrsigner: string;
  readonly attributes: string;
  readonly attributesMask: string;
}

/** Generations after the first have identities and levels of their own. */
export function hasOwnLevels({ svn }: TdxModule): boolean {
  return svn[1]! > 0;
}

/**
 * Checks that a module is one of Intel's, with the attributes that Intel expects.
 * Source: Intel's DCAP quote verification library, `checkTdxModule`.
 * @returns the levels of its generation; none for the first, which the levels of the platform speak of
 * @throws Refusal `TCB_NOT_ACCEPTED` for a generation that Intel does not name, `QUOTE_NOT_GENUINE`
 */
export function moduleLevelsOf(
  { tdxModule, tdxModuleIdentities = [] }: ModulesOfTcbInfo,
  module: TdxModule,
): readonly EnclaveLevel[] | undefined {
  const id = `TDX_${module.svn[1]!.toString(16).padStart(2, '0')}`.toUpperCase();
  const generation = hasOwnLevels(module)
    ? tdxModuleIdentities.find((candidate) => candidate.id.toUpperCase() === id)
    : undefined;
  const identity = hasOwnLevels(module) ? generation : tdxModule;
  if (identity === undefined)
    throw new Refusal('TCB_NOT_ACCEPTED', `platform: TCB info does not know its TDX module ${id}`);
  const mask = fromHex(identity.attributesMask);
  const masked = module.attributes.map((byte, index) => byte & mask[index]!);
  if (!isHex(module.signer, identity.mrsigner) || !isHex(masked, identity.attributes))
    throw new Refusal('QUOTE_NOT_GENUINE', "platform: its TDX module is not Intel's, or not for production");
  return generation?.tcbLevels;
}

function isHex(bytes: Uint8Array, hex: string): boolean {
  return equalBytes(bytes, fromHex(hex));
}
