import type { ExplainedCode } from './error-codes.ts';
import type { Explanation } from './explanation.ts';

/** What a log and its disk can say. */
export const storageExplanations = {
  STORAGE_ERROR: {
    meaning: 'The broker could not write to, flush or open the files of a partition.',
    why: 'The disk is full, broken or read-only, or files were damaged. The message and the broker’s log say which.',
    cure: 'Make room, and writing goes on. After a failed flush, or damage, mend the disk and restart the broker.',
    retry: 'Yes, once there is room; otherwise after the broker was restarted.',
    from: 'Reading and writing.',
  },
  LOG_FAILED: {
    meaning: 'The disk refused to take what a log wrote or flushed.',
    why: 'The disk is full, broken or read-only. The message has the words of the system.',
    cure: 'When the disk was full, make room: writing goes on. Otherwise mend the disk and open the log again.',
    retry: 'Yes where the error says retriable; otherwise the log is read-only until it is opened again.',
    from: 'log.append and log.flush.',
  },
  LOG_CLOSED: {
    meaning: 'A log was used after it was closed.',
    why: 'close() came before the last call.',
    cure: 'Wait for the calls before you close, or open the log again.',
    retry: 'No, not with this log.',
    from: 'Every call of a log after close().',
  },
  FOREIGN_LOG: {
    meaning: 'The directory holds the log of something else.',
    why: 'A log knows whose it is (a topic’s id). This one was copied, renamed, or left by a topic that was removed.',
    cure: 'Nothing was changed. Move the directory away, or open it as what it is.',
    retry: 'No.',
    from: 'openLogDirectory(…).open, and a broker that takes a partition over.',
  },
  LOG_CORRUPT: {
    meaning: 'A log cannot be opened without losing records that were safe on disk.',
    why: 'Files are missing or damaged in the middle: the disk, or somebody who changed them.',
    cure: 'Nothing was changed. Check the disk, then restore the directory from a copy.',
    retry: 'No.',
    from: 'Opening a log, and a broker that takes a partition over.',
  },
} satisfies { readonly [Code in ExplainedCode]?: Explanation };
