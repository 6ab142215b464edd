// Any record, any batch, for property tests.
export {
  type BuiltBatch,
  batchArbitrary,
  fieldArbitrary,
  headerArbitrary,
  newRecordArbitrary,
} from './arbitraries.ts';
