import type { DcapCollateral, DcapPolicy } from '@enigma-worker/attestation';
import { concat, randomBytes, sha256, toHex, utf8 } from '@enigma-worker/crypto';
import {
  certificate,
  type FakeCertificate,
  type Key,
  newKey,
  pem,
  pointOf,
  revocationList,
  signWith,
} from './authority.js';
import { integer, octets, oid, sequence } from './der.js';

/** The time at which everything of the fake Intel is valid. */
export const NOW = new Date('2026-06-15T12:00:00Z');
export const FROM = new Date('2026-01-01T00:00:00Z');
export const UNTIL = new Date('2027-01-01T00:00:00Z');

const FMSPC = '00906ed50000';
const QE_MR_SIGNER = new Uint8Array(32).fill(0x51);

/** As Intel signs TDX modules. */
const MODULE = {
  mrsigner: '00'.repeat(48),
  attributes: '00'.repeat(8),
  attributesMask: 'FF'.repeat(8),
};
/** The second generation, TDX 1.5. */
const MODULE_TDX_01 = {
  ...MODULE,
  id: 'TDX_01',
  tcbLevels: [
    { tcb: { isvsvn: 4 }, tcbDate: '2026-06-10T00:00:00Z', tcbStatus: 'UpToDate' },
    {
      tcb: { isvsvn: 2 },
      tcbDate: '2025-01-01T00:00:00Z',
      tcbStatus: 'OutOfDate',
      advisoryIDs: ['INTEL-SA-00002'],
    },
    { tcb: { isvsvn: 1 }, tcbDate: '2024-01-01T00:00:00Z', tcbStatus: 'Revoked' },
  ],
};

/** What a platform is like, and what Intel says of it. */
export interface IntelOptions {
  /** Status of the level that the platform is at; a better level of January 10 is above it unless it is up to date. */
  readonly tcbStatus?: string;
  /** Status of the quoting enclave. */
  readonly enclaveStatus?: string;
  /**
   * Which TDX module the platform's level asks for, in the numbers of the first generation; below it then is a level
   * out of date that asks for none.
   */
  readonly askedModule?: number;
  readonly revoked?: 'platform' | 'authority' | 'tcb-signer';
  /** Until when the parts of the collateral are valid. */
  readonly until?: {
    readonly tcbInfo?: Date;
    readonly qeIdentity?: Date;
    readonly pckCrl?: Date;
    readonly rootCrl?: Date;
  };
  readonly platformUntil?: Date;
  /** Who signs TCB info: by default Intel's signer, else a platform. */
  readonly tcbSigner?: 'platform';
}

/** A whole fake Intel: root, authorities, one platform with its quoting enclave, collateral. */
export class FakeIntel {
  readonly root: FakeCertificate;
  readonly platformAuthority: FakeCertificate;
  readonly platform: FakeCertificate;
  readonly tcbSigner: FakeCertificate;
  readonly options: IntelOptions;
  readonly #attestationKey: Key = newKey('p256');

  constructor(options: IntelOptions = {}) {
    this.options = options;
    const rootKey = newKey('p256');
    const common = { from: FROM, until: UNTIL };
    this.root = certificate({
      ...common,
      subject: 'Root',
      issuer: 'Root',
      key: rootKey,
      issuerKey: rootKey,
      authority: true,
    });
    const issuedByRoot = { ...common, issuer: 'Root', issuerKey: rootKey };
    this.platformAuthority = certificate({
      ...issuedByRoot,
      subject: 'Platform CA',
      key: newKey('p256'),
      authority: true,
    });
    const platform = {
      ...common,
      until: options.platformUntil ?? UNTIL,
      subject: 'Platform',
      issuer: 'Platform CA',
      key: newKey('p256'),
      issuerKey: this.platformAuthority.key,
      extensions: [{ id: '1.2.840.113741.1.13.1', value: sgxExtension() }],
    };
    this.platform = certificate(platform);
    this.tcbSigner =
      options.tcbSigner === 'platform'
        ? this.platform
        : certificate({ ...issuedByRoot, subject: 'TCB Signing', key: newKey('p256') });
  }

  collateral(tee: 'SGX' | 'TDX'): DcapCollateral {
    const { revoked, until = {} } = this.options;
    const tcbInfo = JSON.stringify(this.#tcbInfo(tee));
    const qeIdentity = JSON.stringify(this.#qeIdentity(tee));
    const signerChain =
      this.tcbSigner === this.platform
        ? pem(this.platform, this.platformAuthority, this.root)
        : pem(this.tcbSigner, this.root);
    const rootRevokes = [
      ...(revoked === 'authority' ? [this.platformAuthority.serial] : []),
      ...(revoked === 'tcb-signer' ? [this.tcbSigner.serial] : []),
    ];
    const authorityRevokes = revoked === 'platform' ? [this.platform.serial] : [];
    return {
      pck_crl_issuer_chain: pem(this.platformAuthority, this.root),
      root_ca_crl: toHex(revocationList(this.root, FROM, until.rootCrl ?? UNTIL, rootRevokes)),
      pck_crl: toHex(revocationList(this.platformAuthority, FROM, until.pckCrl ?? UNTIL, authorityRevokes)),
      tcb_info_issuer_chain: signerChain,
      tcb_info: tcbInfo,
      tcb_info_signature: toHex(signWith(this.tcbSigner.key, utf8(tcbInfo), 'raw')),
      qe_identity_issuer_chain: signerChain,
      qe_identity: qeIdentity,
      qe_identity_signature: toHex(signWith(this.tcbSigner.key, utf8(qeIdentity), 'raw')),
    };
  }

  policy(tee: 'SGX' | 'TDX', more: Partial<DcapPolicy> = {}): DcapPolicy {
    return { collateral: this.collateral(tee), rootCa: this.root.der, ...more };
  }

  sgxQuote(reportData: Uint8Array, fields: SgxFields = {}): Uint8Array {
    const body = concat(header(3, 0), enclaveReport({ ...fields, reportData }));
    return concat(body, sized(this.#authData(body, 3)));
  }

  tdxQuote(reportData: Uint8Array, fields: TdxFields = {}): Uint8Array {
    const version = fields.version ?? 4;
    const report = tdReport(reportData, fields);
    const prefix = version === 5 ? concat(le16(2), le32(report.length)) : new Uint8Array();
    const body = concat(header(version, 0x81), prefix, report);
    return concat(body, sized(this.#authData(body, 4)));
  }

  #authData(signed: Uint8Array, layout: 3 | 4): Uint8Array {
    const attestationKey = pointOf(this.#attestationKey);
    const authData = randomBytes(32);
    const qeReport = enclaveReport({
      mrSigner: QE_MR_SIGNER,
      productId: 1,
      svn: 8,
      reportData: concat(sha256(concat(attestationKey, authData)), new Uint8Array(32)),
    });
    const signature = signWith(this.#attestationKey, signed, 'raw');
    const chain = utf8(pem(this.platform, this.platformAuthority, this.root));
    const certification = concat(
      qeReport,
      signWith(this.platform.key, qeReport, 'raw'),
      le16(authData.length),
      authData,
      le16(5),
      sized(chain),
    );
    return layout === 3
      ? concat(signature, attestationKey, certification)
      : concat(signature, attestationKey, le16(6), sized(certification));
  }

  #tcbInfo(tee: 'SGX' | 'TDX') {
    const { tcbStatus = 'UpToDate', askedModule, until = {} } = this.options;
    const components = (svn: number) => Array.from({ length: 16 }, () => ({ svn }));
    const level = (
      svn: number,
      status: string,
      tcbDate: string,
      advisoryIDs: string[],
      module = askedModule ?? 0,
    ) => ({
      tcb: {
        sgxtcbcomponents: components(svn),
        tdxtcbcomponents: [{ svn: module }, { svn: 0 }, ...components(svn).slice(2)],
        pcesvn: svn,
      },
      tcbDate,
      tcbStatus: status,
      advisoryIDs,
    });
    const levels = [
      level(5, tcbStatus, '2025-06-01T00:00:00Z', tcbStatus === 'UpToDate' ? [] : ['INTEL-SA-00001']),
    ];
    if (tcbStatus !== 'UpToDate') levels.unshift(level(6, 'UpToDate', '2026-06-10T00:00:00Z', []));
    if (askedModule !== undefined) levels.push(level(5, 'OutOfDate', '2025-01-01T00:00:00Z', [], 0));
    return {
      id: tee,
      version: 3,
      issueDate: FROM.toISOString(),
      nextUpdate: (until.tcbInfo ?? UNTIL).toISOString(),
      fmspc: FMSPC,
      pceId: '0000',
      tcbType: 0,
      tcbEvaluationDataNumber: 1,
      ...(tee === 'TDX' && { tdxModule: MODULE, tdxModuleIdentities: [MODULE_TDX_01] }),
      tcbLevels: levels,
    };
  }

  #qeIdentity(tee: 'SGX' | 'TDX') {
    return {
      id: tee === 'SGX' ? 'QE' : 'TD_QE',
      version: 2,
      issueDate: FROM.toISOString(),
      nextUpdate: (this.options.until?.qeIdentity ?? UNTIL).toISOString(),
      tcbEvaluationDataNumber: 1,
      miscselect: '00000000',
      miscselectMask: 'FFFFFFFF',
      attributes: '05000000000000000000000000000000',
      attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
      mrsigner: toHex(QE_MR_SIGNER),
      isvprodid: 1,
      tcbLevels: [
        {
          tcb: { isvsvn: 8 },
          tcbDate: '2025-06-01T00:00:00Z',
          tcbStatus: this.options.enclaveStatus ?? 'UpToDate',
        },
      ],
    };
  }
}

export interface SgxFields {
  readonly mrEnclave?: Uint8Array;
  readonly mrSigner?: Uint8Array;
  readonly productId?: number;
  readonly svn?: number;
  readonly debug?: boolean;
}

export interface TdxFields {
  readonly version?: 4 | 5;
  readonly mrTd?: Uint8Array;
  readonly rtMr?: readonly Uint8Array[];
  readonly debug?: boolean;
  /** Security version and generation of the TDX module. */
  readonly module?: readonly [svn: number, generation: number];
  readonly moduleSigner?: Uint8Array;
  readonly moduleAttributes?: Uint8Array;
}

function header(version: number, teeType: number): Uint8Array {
  return concat(
    le16(version),
    le16(2),
    le32(teeType),
    new Uint8Array(4),
    new Uint8Array(16),
    new Uint8Array(20),
  );
}

function enclaveReport(fields: SgxFields & { readonly reportData: Uint8Array }): Uint8Array {
  const report = new Uint8Array(384);
  report.fill(5, 0, 16);
  report[48] = 0x05 | (fields.debug === true ? 0x02 : 0);
  report.set(fields.mrEnclave ?? new Uint8Array(32), 64);
  report.set(fields.mrSigner ?? new Uint8Array(32), 128);
  report.set(le16(fields.productId ?? 0), 256);
  report.set(le16(fields.svn ?? 0), 258);
  report.set(fields.reportData, 320);
  return report;
}

function tdReport(reportData: Uint8Array, fields: TdxFields): Uint8Array {
  const { mrTd, rtMr = [], debug, module = [4, 1], moduleSigner, moduleAttributes } = fields;
  const report = new Uint8Array(584);
  report.fill(5, 0, 16);
  report.set(module, 0);
  report.set(moduleSigner ?? new Uint8Array(48), 64);
  report.set(moduleAttributes ?? new Uint8Array(8), 112);
  report[120] = debug === true ? 1 : 0;
  report[123] = 0x10;
  report.set(mrTd ?? new Uint8Array(48), 136);
  for (const [index, value] of rtMr.entries()) report.set(value, 328 + 48 * index);
  report.set(reportData, 520);
  return report;
}

function sgxExtension(): Uint8Array {
  const base = '1.2.840.113741.1.13.1';
  const entry = (id: string, value: Uint8Array): Uint8Array => sequence(oid(`${base}.${id}`), value);
  const components = Array.from({ length: 16 }, (_, index) => entry(`2.${index + 1}`, integer(5)));
  return sequence(
    entry('1', octets(new Uint8Array(16))),
    entry(
      '2',
      sequence(...components, entry('2.17', integer(5)), entry('2.18', octets(new Uint8Array(16).fill(5)))),
    ),
    entry('3', octets(new Uint8Array(2))),
    entry('4', octets(Buffer.from(FMSPC, 'hex'))),
    entry('5', Uint8Array.of(0x0a, 1, 0)),
  );
}

function sized(bytes: Uint8Array): Uint8Array {
  return concat(le32(bytes.length), bytes);
}

function le16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >> 8);
}

function le32(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24);
}
