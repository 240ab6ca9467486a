/** What a verifier accepts. Everything is explicit: no clock is read and nothing is fetched. */
export interface Policy {
  /** The time at which certificates and collateral must be valid. */
  readonly now: Date;
  /** What code may run. Hardware reports are refused unless one of these fits; a simulation has none. */
  readonly measurements?: readonly Measurement[];
  /** Accepted values of what the worker claims; absent means any. */
  readonly claims?: AcceptedClaims;
  /** Default false: reports without hardware are refused. */
  readonly allowSimulation?: boolean;
  /** Default false: enclaves and machines that their host may look into are refused. */
  readonly allowDebug?: boolean;
  /** Needed for SGX and TDX. */
  readonly dcap?: DcapPolicy;
  /** Needed for SEV-SNP. */
  readonly sevSnp?: SevSnpPolicy;
}

/** An accepted measurement: all fields given must be equal. */
export type Measurement =
  | { readonly kind: 'sgx'; /** 32 bytes. */ readonly mrEnclave: Uint8Array }
  | {
      readonly kind: 'sgx';
      /** 32 bytes. */
      readonly mrSigner: Uint8Array;
      readonly productId: number;
      readonly minimumVersion: number;
    }
  | {
      readonly kind: 'tdx';
      /** 48 bytes: the firmware at launch. */
      readonly mrTd: Uint8Array;
      /** 48 bytes each, RTMR 0 to 3: what was booted; absent or undefined entries are not checked. */
      readonly rtMr?: readonly (Uint8Array | undefined)[];
    }
  | {
      readonly kind: 'sev-snp';
      /** 48 bytes: the memory at launch. */
      readonly measurement: Uint8Array;
      /** 32 bytes given by the host at launch; absent means any. */
      readonly hostData?: Uint8Array;
    };

/** Accepted claims; see `AttestedClaims`. */
export interface AcceptedClaims {
  readonly protocolVersions?: readonly string[];
  readonly codeMeasurements?: readonly Uint8Array[];
  readonly sealingModes?: readonly string[];
}

/** Status of an Intel platform's TCB, as Intel's TCB info words it; `Revoked` is never accepted. */
export type TcbStatus =
  | 'UpToDate'
  | 'SWHardeningNeeded'
  | 'ConfigurationNeeded'
  | 'ConfigurationAndSWHardeningNeeded'
  | 'OutOfDate'
  | 'OutOfDateConfigurationNeeded';

/** How SGX and TDX quotes are judged. */
export interface DcapPolicy {
  readonly collateral: DcapCollateral;
  /** DER of the root certificate; default Intel's. */
  readonly rootCa?: Uint8Array;
  /** Default `UpToDate` only. */
  readonly acceptedTcb?: readonly TcbStatus[];
  /**
   * For how many days a platform is still accepted after it fell out of date: counted from the date
   * of the oldest TCB level that is not. One that needs configuration besides is accepted only where the policy
   * accepts a status that says so. Default 0.
   */
  readonly graceDays?: number;
}

/** What Intel publishes for a platform, in the form of a PCCS; `fetchDcapCollateral` gets it. */
export interface DcapCollateral {
  readonly pck_crl_issuer_chain: string;
  /** DER as hex, as are all of the bytes here. */
  readonly root_ca_crl: string;
  readonly pck_crl: string;
  readonly tcb_info_issuer_chain: string;
  readonly tcb_info: string;
  readonly tcb_info_signature: string;
  readonly qe_identity_issuer_chain: string;
  readonly qe_identity: string;
  readonly qe_identity_signature: string;
}

/** How SEV-SNP reports are judged. */
export interface SevSnpPolicy {
  /** DER of the AMD root keys (ARK) that are trusted, one for each product line. */
  readonly roots: readonly Uint8Array[];
  /**
   * DER of the revocation lists, signed by those roots; a root without one is not used. AMD publishes one
   * for VCEKs and one for VLEKs: give that of each kind that is accepted.
   */
  readonly revocationLists: readonly Uint8Array[];
  /** DER of certificates of signing keys (VCEK, VLEK) and their issuers (ASK, ASVK), for reports that do not bring their own. */
  readonly certificates?: readonly Uint8Array[];
  /** Lowest accepted security versions of the platform; an absent one is not checked. */
  readonly minimumTcb?: Partial<SevSnpTcb>;
  /** Highest accepted privilege level number (0 is the most privileged). Default 0. */
  readonly maximumVmpl?: number;
  /** Default false: guests that a migration agent may move are refused. */
  readonly allowMigrationAgent?: boolean;
}

/** Security versions of an AMD platform's firmware. */
export interface SevSnpTcb {
  /** On Turin and later only, else 0. */
  readonly fmc: number;
  readonly bootLoader: number;
  readonly tee: number;
  readonly snp: number;
  readonly microcode: number;
}
