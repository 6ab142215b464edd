import { Writable } from 'node:stream';
import { CodedError } from '@millrace/runtime';
import { reportError } from './report-error.ts';

function reported(error: unknown, isDebug = false): { text: string; code: number } {
  let text = '';
  const stderr = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const code = reportError(error, stderr, isDebug);
  return { text, code };
}

describe('reportError', () => {
  it('says the message, the hint and where to learn more, a line each', () => {
    const error = new CodedError('UNKNOWN_TOPIC_OR_PARTITION', 'there is no topic x', { hint: 'make one' });

    expect(reported(error)).toEqual({
      text: 'error: there is no topic x\nhint:  make one\nmore:  millrace explain UNKNOWN_TOPIC_OR_PARTITION\n',
      code: 3,
    });
  });

  it('takes the hint for what the system says from its explanation', () => {
    const error = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });

    expect(reported(error)).toEqual({
      text: [
        'error: EACCES: permission denied',
        'hint:  choose another place, or change its permissions (`ls -ld` shows them)',
        'more:  millrace explain EACCES',
        '',
      ].join('\n'),
      code: 1,
    });
  });

  it('says no more of a code that nobody has explained', () => {
    expect(reported(new CodedError('ODD', 'it is odd')).text).toBe('error: it is odd\n');
  });

  it('shows the stack of what is a mistake of ours only when debugging', () => {
    const error = new TypeError('x is not a function');

    expect(reported(error).text).toMatch(/^error: x is not a function\nhint: .*--debug.*\n$/);
    expect(reported(error, true).text).toContain('    at ');
  });

  it('keeps to one line and does not drive the terminal, whatever a broker says', () => {
    const error = new CodedError('ODD', 'bad\n\u001b[2Jthings\u0007');

    expect(reported(error).text).toBe('error: bad \\x1b[2Jthings\\x07\n');
  });

  it.each([[undefined], [null], ['a text'], [{ code: 'ODD' }]])('copes with %j being thrown', (thrown) => {
    expect(reported(thrown)).toEqual({ text: expect.stringMatching(/^error: \S/), code: 1 });
  });
});
