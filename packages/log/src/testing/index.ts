// For tests of what uses logs.
export { type BatchOptions, batchOf, bytesOf, valuesOf } from './log-fixtures.ts';
