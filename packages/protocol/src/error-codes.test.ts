import { type ErrorCode, errorCodeOf, errorCodes } from './error-codes.ts';
import { apiError, isErrorCode } from './errors.ts';

describe('error codes', () => {
  it('have one number each', () => {
    const ids = Object.values(errorCodes).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('are found by their number, an unknown one as UNKNOWN_SERVER_ERROR', () => {
    for (const [code, { id }] of Object.entries(errorCodes)) expect(errorCodeOf(id)).toBe(code);
    expect(errorCodeOf(31_999)).toBe('UNKNOWN_SERVER_ERROR');
  });

  it('are told from other codes', () => {
    expect([isErrorCode('STORAGE_ERROR'), isErrorCode('NONE'), isErrorCode('toString')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('apiError', () => {
  it('is retriable when the table says so', () => {
    const codes = (Object.keys(errorCodes) as ErrorCode[]).filter((code) => code !== 'NONE');
    expect(codes.map((code) => apiError(code, '').retriable)).toEqual(
      codes.map((code) => errorCodes[code].retriable),
    );
  });
});
