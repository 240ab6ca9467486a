/** What a module may have at most. A module beyond a limit is refused, with a text that names the limit. */
export interface ModuleLimits {
  /** Bytes of the module as deployed. */
  readonly moduleBytes: number;
  readonly types: number;
  /** Parameters of one function type. */
  readonly parameters: number;
  /** Results of one function type. */
  readonly results: number;
  readonly imports: number;
  /** Functions with a body. */
  readonly functions: number;
  /** Bytes of one function body. */
  readonly functionBytes: number;
  /** Locals of one function, its parameters not counted. */
  readonly locals: number;
  readonly globals: number;
  readonly exports: number;
  /** Entries of the table. */
  readonly tableEntries: number;
  /** Element segments, and function references in all of them together. */
  readonly elements: number;
  readonly dataSegments: number;
  /** Bytes of all data segments. */
  readonly dataBytes: number;
  /** Targets of one `br_table`. */
  readonly branchTargets: number;
  /** Blocks inside each other. */
  readonly nesting: number;
  /** What one function may be to V8's compilers: see {@link workOf}. */
  readonly functionWork: number;
  /** Milliseconds that building it may take, and again metering and compiling what was built. */
  readonly buildMs: number;
}

/**
 * Many times what the largest known contracts have, and below the limits of V8, so that a contract is refused by us,
 * with a reason, or by nobody.
 */
export const defaultModuleLimits: ModuleLimits = {
  moduleBytes: 16 * 1024 * 1024,
  types: 10_000,
  parameters: 500,
  results: 500,
  imports: 1_000,
  functions: 50_000,
  functionBytes: 1024 * 1024,
  locals: 10_000,
  globals: 10_000,
  exports: 10_000,
  tableEntries: 100_000,
  elements: 100_000,
  dataSegments: 50_000,
  dataBytes: 8 * 1024 * 1024,
  branchTargets: 10_000,
  nesting: 5_000,
  // The optimising compiler runs beside the contract, out of reach of the time limit: what it takes is bounded by this.
  functionWork: 300_000,
  // Twice what the largest module takes that keeps to the limits above, on a machine that is busy with other things.
  buildMs: 10_000,
};

/** The limits for what is built of a module that kept to `limits`: a constructor has the exe code in it, among others. */
export function builtLimits(limits: ModuleLimits): ModuleLimits {
  return {
    ...limits,
    moduleBytes: 2 * limits.moduleBytes + 1_000,
    dataBytes: limits.dataBytes + limits.moduleBytes + 1_000,
    types: limits.types + 2,
    imports: limits.imports + 2,
    functions: limits.functions + 1,
    exports: limits.exports + 1,
    dataSegments: limits.dataSegments + 1,
    parameters: Math.max(limits.parameters, 2),
  };
}

/** Pages of 64 KiB that a contract starts with, whatever its module declares. Source: docs/protocol.md, "Contracts". */
export const initialPages = 120;

/** Pages of 64 KiB that a contract may have at most. Source: docs/protocol.md, "Contracts". */
export const maximumPages = 128;

/** Bytes of a page. */
export const pageBytes = 65_536;

/** Writes are marked by chunks of memory that are 2 to the power of this long. */
export const chunkBits = 17;

/**
 * Units of stack that the running functions of a contract may hold together: locals and operands.
 * Source: docs/protocol.md, "Running".
 */
export const stackUnits = 65_536;
