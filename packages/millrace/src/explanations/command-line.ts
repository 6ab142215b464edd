import type { ExplainedCode } from './error-codes.ts';
import type { Explanation } from './explanation.ts';

/** What is typed, and what tests wait for. */
export const commandLineExplanations = {
  USAGE: {
    meaning: 'A verb, option or value that makes no sense was typed.',
    why: 'A slip of the pen, a missing value, or two options that exclude each other.',
    cure: '`millrace --help` lists the verbs, `millrace VERB --help` the options of one.',
    retry: 'No.',
    from: 'Every verb, before it does anything. The exit code is 2.',
  },
  NOT_SETTLED: {
    meaning: 'A test waited until all records were consumed, and some were not.',
    why: 'A consumer does not read any more, is slow, or makes new records all the time. The message says what is left.',
    cure: 'Close consumers that nobody reads any more, or wait longer.',
    retry: 'Yes, where the consumers are only slow.',
    from: 'broker.settled() of millrace/testing.',
  },
} satisfies { readonly [Code in ExplainedCode]?: Explanation };
