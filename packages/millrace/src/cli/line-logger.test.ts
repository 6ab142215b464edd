import { PassThrough } from 'node:stream';
import { lineLogger } from './line-logger.ts';

describe('lineLogger', () => {
  it('says warnings and errors, a line each, and the rest only when verbose', () => {
    const [quiet, verbose] = [new PassThrough(), new PassThrough()];

    for (const [stream, isVerbose] of [
      [quiet, false],
      [verbose, true],
    ] as const) {
      const logger = lineLogger(stream, isVerbose);
      logger.debug({}, 'detail');
      logger.info({}, 'news');
      logger.warn({ topic: 'a b', partition: 0, at: undefined }, 'odd');
      logger.error({ error: new Error('disk\nfull') }, 'bad');
    }

    expect(String(quiet.read())).toBe(
      'warning: odd (topic="a b", partition=0, at=undefined)\nerror: bad (error="disk\\nfull")\n',
    );
    expect(String(verbose.read())).toMatch(/^debug: detail\ninfo: news\nwarning: odd .*\nerror: bad .*\n$/);
  });
});
