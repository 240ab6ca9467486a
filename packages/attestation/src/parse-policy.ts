import { fromHex } from '@enigma-worker/crypto';
import type { DcapCollateral, Measurement, Policy, SevSnpTcb, TcbStatus } from './policy.js';

/** A policy that cannot be read. The message names the field. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code = 'POLICY_MALFORMED';
}

/**
 * Reads a policy from JSON, as operators write it: the fields of {@link Policy} but `now`, bytes as hex,
 * certificates and lists as hex of their DER. Unknown fields are refused, so that a misspelt restriction is not
 * silently none.
 * @param now the time to judge by
 * @throws PolicyError
 */
export function parsePolicy(text: string, now: Date): Policy {
  let json: unknown;
  try {
    json = JSON.parse(text) as unknown;
  } catch {
    throw new PolicyError('policy: not JSON');
  }
  return {
    now,
    ...shape('policy', json, {
      measurements: (name, value) => list(name, value, measurement),
      claims: (name, value) =>
        shape(name, value, {
          protocolVersions: texts,
          codeMeasurements: (inner, items) => list(inner, items, bytesOf(32)),
          sealingModes: texts,
        }),
      allowSimulation: boolean,
      allowDebug: boolean,
      dcap: (name, value) =>
        withRequired(
          name,
          ['collateral'],
          shape(name, value, {
            collateral,
            rootCa: bytesOf(),
            acceptedTcb: (inner, items) => list(inner, items, tcbStatus),
            graceDays: natural,
          }),
        ),
      sevSnp: (name, value) =>
        withRequired(
          name,
          ['roots', 'revocationLists'],
          shape(name, value, {
            roots: (inner, items) => list(inner, items, bytesOf()),
            revocationLists: (inner, items) => list(inner, items, bytesOf()),
            certificates: (inner, items) => list(inner, items, bytesOf()),
            minimumTcb: (inner, versions) =>
              shape<SevSnpTcb>(inner, versions, {
                fmc: natural,
                bootLoader: natural,
                tee: natural,
                snp: natural,
                microcode: natural,
              }),
            maximumVmpl: natural,
            allowMigrationAgent: boolean,
          }),
        ),
    }),
  } as Policy;
}

type Reader<T> = (name: string, value: unknown) => T;

interface FieldsOf<T> {
  readonly needed: readonly (keyof T & string)[];
  readonly optional?: readonly (keyof T & string)[];
}

function measurement(name: string, value: unknown): Measurement {
  const kind = object(name, value)['kind'];
  const read = shape(name, value, {
    kind: text,
    mrEnclave: bytesOf(32),
    mrSigner: bytesOf(32),
    productId: natural,
    minimumVersion: natural,
    mrTd: bytesOf(48),
    rtMr: (inner, items) =>
      list(inner, items, (item, register) => (register === null ? undefined : bytesOf(48)(item, register))),
    measurement: bytesOf(48),
    hostData: bytesOf(32),
  });
  const ofKinds: Readonly<Record<string, FieldsOf<typeof read>>> = {
    sgx: {
      needed: read.mrEnclave === undefined ? ['mrSigner', 'productId', 'minimumVersion'] : ['mrEnclave'],
    },
    tdx: { needed: ['mrTd'], optional: ['rtMr'] },
    'sev-snp': { needed: ['measurement'], optional: ['hostData'] },
  };
  const fields = typeof kind === 'string' && Object.hasOwn(ofKinds, kind) ? ofKinds[kind] : undefined;
  if (fields === undefined) throw new PolicyError(`${name}.kind: expected sgx, tdx or sev-snp`);
  const { needed, optional = [] } = fields;
  // A restriction that is not one must not look like one.
  const checked: readonly string[] = ['kind', ...needed, ...optional];
  const ignored = Object.keys(read).find((field) => !checked.includes(field));
  if (ignored !== undefined)
    throw new PolicyError(`${name}.${ignored}: is not checked beside ${needed.join(', ')}`);
  return withRequired(name, needed, read) as unknown as Measurement;
}

const COLLATERAL_FIELDS = [
  'pck_crl_issuer_chain',
  'root_ca_crl',
  'pck_crl',
  'tcb_info_issuer_chain',
  'tcb_info',
  'tcb_info_signature',
  'qe_identity_issuer_chain',
  'qe_identity',
  'qe_identity_signature',
] as const satisfies (keyof DcapCollateral)[];

function collateral(name: string, value: unknown): DcapCollateral {
  const fields = object(name, value);
  return Object.fromEntries(
    COLLATERAL_FIELDS.map((field) => [field, text(`${name}.${field}`, fields[field])]),
  ) as unknown as DcapCollateral;
}

const TCB_STATUSES: readonly string[] = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
] satisfies TcbStatus[];

function tcbStatus(name: string, value: unknown): TcbStatus {
  if (typeof value !== 'string' || !TCB_STATUSES.includes(value)) {
    throw new PolicyError(`${name}: expected one of ${TCB_STATUSES.join(', ')}`);
  }
  return value as TcbStatus;
}

/** The fields that are there, each read by its reader. */
function shape<T extends object>(
  name: string,
  value: unknown,
  readers: { readonly [field in keyof T]-?: Reader<T[field]> },
): Partial<T> {
  const result: Record<string, unknown> = {};
  for (const [field, item] of Object.entries(object(name, value))) {
    if (!Object.hasOwn(readers, field)) throw new PolicyError(`${name}.${field}: unknown field`);
    result[field] = readers[field as keyof T](`${name}.${field}`, item);
  }
  return result as Partial<T>;
}

function withRequired<T extends object>(name: string, fields: readonly (keyof T & string)[], value: T): T {
  for (const field of fields)
    if (!Object.hasOwn(value, field)) throw new PolicyError(`${name}.${field}: is missing`);
  return value;
}

function object(name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PolicyError(`${name}: expected an object`);
  return value as Record<string, unknown>;
}

function list<T>(name: string, value: unknown, read: Reader<T>): T[] {
  if (!Array.isArray(value)) throw new PolicyError(`${name}: expected a list`);
  return value.map((item: unknown, index) => read(`${name}[${index}]`, item));
}

function text(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new PolicyError(`${name}: expected a text`);
  return value;
}

function texts(name: string, value: unknown): string[] {
  return list(name, value, text);
}

function boolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new PolicyError(`${name}: expected true or false`);
  return value;
}

function natural(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new PolicyError(`${name}: expected an integer from 0`);
  }
  return value;
}

function bytesOf(length?: number): Reader<Uint8Array> {
  return (name, value) => {
    const expected = length === undefined ? 'hex' : `${length} bytes as hex`;
    try {
      const bytes = fromHex(text(name, value));
      if (length === undefined || bytes.length === length) return bytes;
    } catch {
      // Said below.
    }
    throw new PolicyError(`${name}: expected ${expected}`);
  };
}
