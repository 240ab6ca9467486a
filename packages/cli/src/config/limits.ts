import type { WorkerOptions } from '@enigma-worker/core';
import { integer, type SettingValues } from './settings.js';

const MEBIBYTE = 1024 * 1024;
const WEEK = 7 * 24 * 60 * 60 * 1000;

/** Settings of how much a core takes, and how long it keeps what its peers begin. */
export const limitSettings = {
  maxMessageBytes: {
    value: 'bytes',
    description: 'longest request (default: 67108864)',
    schema: integer(1024, 512 * MEBIBYTE).default(64 * MEBIBYTE),
  },
  maxBytecodeBytes: {
    value: 'bytes',
    description: 'largest code of a contract, after decompression (default: 16777216)',
    schema: integer(1024, 512 * MEBIBYTE).default(16 * MEBIBYTE),
  },
  maxListItems: {
    value: 'n',
    description: 'most items of one list in a request (default: 10000)',
    schema: integer(1, 10_000_000).default(10_000),
  },
  maxJsonDepth: {
    value: 'n',
    description: 'how deep lists and objects of a request may lie in each other (default: 64)',
    schema: integer(8, 1024).default(64),
  },
  maxJsonValues: {
    value: 'n',
    description: 'most values of one request in all (default: 1000000)',
    schema: integer(1, 100_000_000).default(1_000_000),
  },
  taskKeyLifetime: {
    value: 'ms',
    description: 'how long a task key that was not used is kept (default: 3600000)',
    schema: integer(1000, WEEK).default(3_600_000),
  },
  maxTaskKeys: {
    value: 'n',
    description: 'how many task keys are kept for users, the oldest go first (default: 100000)',
    schema: integer(1, 10_000_000).default(100_000),
  },
  exchangeLifetime: {
    value: 'ms',
    description: 'how long the answer to a GetPTTRequest is waited for (default: 3600000)',
    schema: integer(1000, WEEK).default(3_600_000),
  },
  maxExchanges: {
    value: 'n',
    description: 'how many GetPTTRequests may be unanswered, the oldest go first (default: 1000)',
    schema: integer(1, 1_000_000).default(1000),
  },
} as const;

/** The limits as a worker takes them. */
export function limitsFrom(
  values: SettingValues<typeof limitSettings>,
): Required<Pick<WorkerOptions, 'messageLimits' | 'enclave'>> {
  return {
    messageLimits: {
      messageBytes: values.maxMessageBytes,
      bytecodeBytes: values.maxBytecodeBytes,
      listItems: values.maxListItems,
      jsonDepth: values.maxJsonDepth,
      jsonValues: values.maxJsonValues,
    },
    enclave: {
      taskKeyLifetimeMs: values.taskKeyLifetime,
      maxTaskKeys: values.maxTaskKeys,
      exchangeLifetimeMs: values.exchangeLifetime,
      maxExchanges: values.maxExchanges,
    },
  };
}
