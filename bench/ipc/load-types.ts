import type { RequestOf } from '@enigma-worker/protocol';

/** What a load generator does. */
export interface Load {
  readonly endpoint: string;
  readonly peers: number;
  /** Requests of each peer (dealt out in turn when there are fewer lists): sent once, or round and round for `ms`. */
  readonly requests: readonly (readonly Uint8Array[])[];
  readonly ms?: number;
  /** Instead of `requests`: pairs of key request and task. */
  readonly pairs?: Pick<RequestOf<'ComputeTask'>['input'], 'gasLimit' | 'contractAddress'>;
}

/** What it saw. */
export interface Measured {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Bytes of all replies. */
  readonly bytes: number;
  readonly seconds: number;
}
