/** What the levels of TCB info, QE identity and TDX modules have in common. */
export interface Level {
  readonly tcbDate: string;
  readonly tcbStatus: string;
  readonly advisoryIDs?: readonly string[];
}

/** A level of a platform. */
export interface PlatformLevel extends Level {
  readonly tcb: {
    readonly pcesvn: number;
    readonly sgxtcbcomponents: readonly { readonly svn: number }[];
    readonly tdxtcbcomponents?: readonly { readonly svn: number }[];
  };
}

/** A level of the quoting enclave, or of one generation of TDX modules. */
export interface EnclaveLevel extends Level {
  readonly tcb: { readonly isvsvn: number };
}
