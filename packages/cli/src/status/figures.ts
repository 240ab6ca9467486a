import type { Sample } from './metrics-text.js';

/** What a core told of itself at one moment. */
export interface Observation {
  /** Milliseconds, of any clock. */
  readonly at: number;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reason?: string;
  readonly samples: readonly Sample[];
}

/** Requests of one message. */
export interface MessageFigures {
  readonly type: string;
  /** Since the core started. */
  readonly total: number;
  /** A second. */
  readonly rate: number;
  /** Seconds; absent when there was none. */
  readonly p50?: number;
  readonly p99?: number;
}

/** Commits to the store. */
export interface CommitFigures {
  /** A second. */
  readonly rate: number;
  /** Changes that shared one, on average; absent when there was none. */
  readonly operations?: number;
  /** Seconds; absent when there was none. */
  readonly p50?: number;
  readonly p99?: number;
  /** Changes that could not be stored, since the core started. */
  readonly failures: number;
}

/** Figures of a core: rates between two observations, latencies of that time or, when it was idle, of all. */
export interface Figures {
  readonly ready: boolean;
  readonly reason?: string;
  readonly uptimeSeconds: number;
  readonly requests: Omit<MessageFigures, 'type'>;
  /** A second, of replies that are errors. */
  readonly errorRate: number;
  /** A second, of requests not accepted because too much was pending. */
  readonly refusedRate: number;
  /** Tasks that failed, a second: their users pay for it. */
  readonly failedTaskRate: number;
  readonly gasRate: number;
  readonly messages: readonly MessageFigures[];
  readonly queue: {
    readonly tasksPending: number;
    readonly tasksWaiting: number;
    readonly writesPending: number;
    readonly readsPending: number;
    readonly jobsQueued: number;
    readonly jobsRunning: number;
    readonly executors: number;
  };
  readonly store: { readonly contracts: number; readonly deltas: number; readonly bytes: number };
  readonly commits: CommitFigures;
  /** By the name of the cache: the part of look-ups that found something, absent when there was none. */
  readonly cacheHits: Readonly<Record<string, number>>;
  readonly memory: { readonly residentBytes: number; readonly heapBytes: number };
  /** Of one processor, 1 is all of it. */
  readonly processor: number;
}

const REQUESTS = 'enigma_requests_total';
const REQUEST_SECONDS = 'enigma_request_seconds';
const CACHE_HITS = 'enigma_cache_hits_total';
const CACHE_MISSES = 'enigma_cache_misses_total';
const COMMIT_SECONDS = 'enigma_commit_seconds';

/** Figures from two observations, the second of them the latest. */
export function figuresOf(before: Observation, now: Observation): Figures {
  const seconds = Math.max((now.at - before.at) / 1000, 1e-3);
  const rate = (name: string, labels: Labels = {}): number =>
    Math.max(0, sum(now, name, labels) - sum(before, name, labels)) / seconds;
  const message = (labels: Labels): Omit<MessageFigures, 'type'> => {
    const [p50, p99] = quantiles(bucketsBetween(before, now, REQUEST_SECONDS, labels), [0.5, 0.99]);
    return {
      total: sum(now, REQUESTS, labels),
      rate: rate(REQUESTS, labels),
      ...(p50 !== undefined && { p50 }),
      ...(p99 !== undefined && { p99 }),
    };
  };
  const types = new Set(
    now.samples.filter(({ name }) => name === REQUESTS).map(({ labels }) => labels['type']!),
  );
  return {
    ready: now.ready,
    ...(now.reason !== undefined && { reason: now.reason }),
    uptimeSeconds: Math.max(0, Date.now() / 1000 - sum(now, 'process_start_time_seconds')),
    requests: message({}),
    errorRate: rate(REQUESTS, { outcome: 'error' }),
    refusedRate: rate(REQUESTS, { outcome: 'refused' }),
    failedTaskRate: rate(REQUESTS, { outcome: 'failedTask' }),
    gasRate: rate('enigma_gas_used_total'),
    messages: Array.from(types, (type) => ({ type, ...message({ type }) })).sort(
      (a, b) => b.rate - a.rate || b.total - a.total,
    ),
    queue: {
      tasksPending: sum(now, 'enigma_tasks_pending'),
      tasksWaiting: sum(now, 'enigma_tasks_waiting'),
      writesPending: sum(now, 'enigma_writes_pending'),
      readsPending: sum(now, 'enigma_reads_pending'),
      jobsQueued: sum(now, 'enigma_jobs_queued'),
      jobsRunning: sum(now, 'enigma_jobs_running'),
      executors: sum(now, 'enigma_executors'),
    },
    store: {
      contracts: sum(now, 'enigma_contracts'),
      deltas: sum(now, 'enigma_deltas'),
      bytes: sum(now, 'enigma_store_bytes'),
    },
    commits: commitsBetween(before, now, rate(`${COMMIT_SECONDS}_count`)),
    cacheHits: cacheHitsBetween(before, now),
    memory: {
      residentBytes: sum(now, 'process_resident_memory_bytes'),
      heapBytes: sum(now, 'nodejs_heap_size_used_bytes'),
    },
    processor: rate('process_cpu_seconds_total'),
  };
}

function commitsBetween(before: Observation, now: Observation, rate: number): CommitFigures {
  const [p50, p99] = quantiles(bucketsBetween(before, now, COMMIT_SECONDS), [0.5, 0.99]);
  const operations = ratioBetween(
    before,
    now,
    (at) => sum(at, 'enigma_commit_operations_sum'),
    (at) => sum(at, 'enigma_commit_operations_count'),
  );
  return {
    rate,
    ...(operations !== undefined && { operations }),
    ...(p50 !== undefined && { p50 }),
    ...(p99 !== undefined && { p99 }),
    failures: sum(now, 'enigma_commit_failures_total'),
  };
}

function cacheHitsBetween(before: Observation, now: Observation): Record<string, number> {
  const names = now.samples.filter(({ name }) => name === CACHE_HITS).map(({ labels }) => labels['cache']!);
  const entries = names.map((cache) => {
    const hits = (at: Observation): number => sum(at, CACHE_HITS, { cache });
    const all = (at: Observation): number => hits(at) + sum(at, CACHE_MISSES, { cache });
    return [cache, ratioBetween(before, now, hits, all)] as const;
  });
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => entry[1] !== undefined));
}

/** A ratio of the time between two observations or, when nothing happened in it or the core was restarted, of all time. */
function ratioBetween(
  before: Observation,
  now: Observation,
  part: (at: Observation) => number,
  whole: (at: Observation) => number,
): number | undefined {
  const [earlier, later] = [whole(before), whole(now)];
  if (later === 0) return undefined;
  return later > earlier ? (part(now) - part(before)) / (later - earlier) : part(now) / later;
}

type Labels = Readonly<Record<string, string>>;

function matches(sample: Sample, name: string, labels: Labels): boolean {
  return (
    sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
  );
}

function sum({ samples }: Observation, name: string, labels: Labels = {}): number {
  return samples.reduce((total, sample) => (matches(sample, name, labels) ? total + sample.value : total), 0);
}

/** How many of something took at most so many seconds: upper bound → count, the bounds rising. */
type Buckets = readonly (readonly [bound: number, count: number])[];

function bucketsBetween(
  before: Observation,
  now: Observation,
  histogram: string,
  labels: Labels = {},
): Buckets {
  const earlier = new Map(bucketsOf(before, histogram, labels));
  const all = bucketsOf(now, histogram, labels);
  const between = all.map(([bound, requests]) => [bound, requests - (earlier.get(bound) ?? 0)] as const);
  return (between.at(-1)?.[1] ?? 0) > 0 ? between : all;
}

function bucketsOf({ samples }: Observation, histogram: string, labels: Labels): Buckets {
  const counts = new Map<number, number>();
  for (const sample of samples) {
    if (!matches(sample, `${histogram}_bucket`, labels)) continue;
    const bound = sample.labels['le'] === '+Inf' ? Infinity : Number(sample.labels['le']);
    counts.set(bound, (counts.get(bound) ?? 0) + sample.value);
  }
  return [...counts].sort(([a], [b]) => a - b);
}

/** Values below which these parts of all requests lie, straight lines drawn inside each bucket. */
function quantiles(buckets: Buckets, parts: readonly number[]): (number | undefined)[] {
  const total = buckets.at(-1)?.[1] ?? 0;
  return parts.map((part) => {
    const wanted = part * total;
    const index = buckets.findIndex(([, requests]) => requests >= wanted);
    if (total === 0 || index < 0) return undefined;
    const [lower, below] = index === 0 ? [0, 0] : buckets[index - 1]!;
    const [upper, upTo] = buckets[index]!;
    if (upper === Infinity || upTo === below) return lower;
    return lower + ((upper - lower) * (wanted - below)) / (upTo - below);
  });
}
