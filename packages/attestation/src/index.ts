export * from './evidence.js';
export * from './report-data.js';
