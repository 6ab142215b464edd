import type { ExplainedCode } from './error-codes.ts';
import type { Explanation } from './explanation.ts';

/** Of the tools that look at logs on a disk. */
export const logToolExplanations = {
  LOG_NOT_FOUND: {
    meaning: 'There is no log in that directory.',
    why: 'The path is wrong, or the broker that was meant keeps its data elsewhere (--dir).',
    cure: 'Name a data directory, such as ./millrace-data, or the directory of one log in it.',
    retry: 'No.',
    from: '`millrace log inspect`, `verify` and `export`.',
  },
  LOG_CHANGED: {
    meaning: 'A log changed while it was read, so that what was read does not fit together.',
    why: 'A broker that runs removed, compacted or cut some of its files in the meantime.',
    cure: 'Do it again; if it comes again and again, stop the broker while you do.',
    retry: 'Yes.',
    from: '`millrace log export`.',
  },
  NOT_A_SNAPSHOT: {
    meaning: 'The file is no snapshot of logs, or no whole one.',
    why: '`millrace log export` did not write it, or it was cut short or changed since.',
    cure: 'Use the file that was exported, copied as it is, or export again.',
    retry: 'No.',
    from: '`millrace log import`.',
  },
  ALREADY_THERE: {
    meaning: 'Something would have to be overwritten, and nothing is.',
    why: 'The file or directory that should be made exists already.',
    cure: 'Name a new one, or remove what is there if you do not need it.',
    retry: 'No.',
    from: '`millrace log export` and `import`.',
  },
} satisfies { readonly [Code in ExplainedCode]?: Explanation };
