import type { NewRecord } from '@millrace/record';
import { logError } from '../errors.ts';

/** INVALID_RECORD for a record that compaction could never replace by a newer one. */
export function requireKeys(records: readonly NewRecord[], path: string): void {
  const at = records.findIndex(({ key }) => key === undefined || key === null);
  if (at < 0) return;
  throw logError(
    'INVALID_RECORD',
    `record ${at} of ${records.length} has no key, and ${path} is compacted by key`,
    {
      hint: 'give every record a key, or open the log with cleanupPolicy: "delete"',
    },
  );
}
