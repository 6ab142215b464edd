// For tests of what uses logs, and of other logs.
export { type LogConformance, logConformance } from './log-conformance.ts';
export { type BatchOptions, batchOf, bytesOf, valuesOf } from './log-fixtures.ts';
