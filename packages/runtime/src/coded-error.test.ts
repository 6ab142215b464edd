import { CodedError, codeOf, hasCode } from './coded-error.ts';

describe('a coded error', () => {
  it('carries code, hint, details and cause', () => {
    const cause = new Error('below');

    const error = new CodedError('LOG_FAILED', 'orders-0 is read only', {
      cause,
      hint: 'free the disk',
      details: { partition: 0 },
    });

    expect(error).toMatchObject({
      name: 'CodedError',
      code: 'LOG_FAILED',
      message: 'orders-0 is read only',
      retriable: false,
      hint: 'free the disk',
      details: { partition: 0 },
      cause,
    });
  });

  it('has no hint, details or cause that it was not given', () => {
    expect(Object.keys(new CodedError('EIO', 'no'))).not.toEqual(
      expect.arrayContaining(['hint', 'details', 'cause']),
    );
  });

  it('is known by its code, as are the errors of Node', () => {
    expect(codeOf(new CodedError('LOCKED', 'taken'))).toBe('LOCKED');
    expect(hasCode({ code: 'ENOENT' }, 'ENOENT')).toBe(true);
    expect(hasCode(new Error('plain'), 'ENOENT')).toBe(false);
    for (const other of [undefined, null, 'ENOENT', { code: 23 }]) expect(codeOf(other)).toBeUndefined();
  });
});
