import { HostContext, type HostOptions } from '#vm/host/context.js';
import { defaultCallLimits, type CallLimits } from '#vm/limits.js';

/** What a test says about the call whose host functions it tries. */
export interface FakeCall {
  readonly memoryBytes?: number;
  readonly gasLimit?: bigint;
  readonly state?: ReadonlyMap<string, string>;
  readonly functionName?: string;
  readonly args?: Uint8Array;
  readonly limits?: Partial<CallLimits>;
  readonly print?: HostOptions['print'];
  readonly randomFill?: HostOptions['randomFill'];
}

/** A host context in the middle of a call, with a memory that stands for the contract's. */
export function hostInCall(fake: FakeCall = {}): { host: HostContext; memory: Uint8Array } {
  const memory = new Uint8Array(fake.memoryBytes ?? 65_536);
  const state = fake.state ?? new Map<string, string>();
  const host = new HostContext({
    limits: { ...defaultCallLimits, ...fake.limits },
    print: fake.print,
    randomFill: fake.randomFill,
  });
  const gasLimit = fake.gasLimit ?? 1_000_000n;
  host.begin(
    {
      kind: 'compute',
      functionName: fake.functionName ?? '',
      args: fake.args ?? new Uint8Array(0),
      gasLimit,
      state: { read: (key) => state.get(key) },
    },
    false,
  );
  host.memory.begin(memory, () => memory.length);
  host.meter.begin({ value: 0n }, gasLimit);
  return { host, memory };
}

/** Puts texts and bytes into memory one after another; gives a pointer for each. */
export function place(
  memory: Uint8Array,
  at: number,
  ...parts: readonly (string | Uint8Array)[]
): [number, number][] {
  let next = at;
  return parts.map((part) => {
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part;
    memory.set(bytes, next);
    const pointer = next;
    next += bytes.length;
    return [pointer, bytes.length];
  });
}
