export * from './describe-report.js';
export * from './evidence.js';
export * from './parse-policy.js';
export * from './policy.js';
export { type RefusalCode } from './refusal.js';
export * from './report-data.js';
export * from './verify-report.js';
export { fetchDcapCollateral, INTEL_PCS } from './dcap/fetch-collateral.js';
