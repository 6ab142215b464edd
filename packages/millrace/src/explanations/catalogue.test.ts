import { errorCodes } from '@millrace/protocol';
import { areas, explanations, isExplained, kafkaNumberOf } from './catalogue.ts';
import type { ExplainedCode } from './error-codes.ts';

const all = Object.entries(explanations) as [ExplainedCode, (typeof explanations)[ExplainedCode]][];

describe('the catalogue of errors', () => {
  it('has each code in one area', () => {
    const listed = areas.flatMap(({ explanations: some }) => Object.keys(some));

    expect(listed.toSorted()).toEqual(Object.keys(explanations).sort());
  });

  it('ends its sentences, and fits each into a line', () => {
    const odd = all.flatMap(([code, explanation]) =>
      Object.entries(explanation)
        .filter(([, text]) => !/^\S.{1,128}\.$/.test(text))
        .map(([name, text]) => `${code}.${name}: ${text}`),
    );

    expect(odd).toEqual([]);
  });

  it('says of retrying what the protocol says', () => {
    const saysYes = all
      .filter(([code]) => code in errorCodes)
      .map(([code, { retry }]) => [code, /^Yes\b/.test(retry)]);
    const isRetriable = saysYes.map(([code]) => [
      code,
      errorCodes[code as keyof typeof errorCodes].retriable,
    ]);

    expect(saysYes).toEqual(isRetriable);
    for (const [, { retry }] of all) expect(retry).toMatch(/^(Yes|No)\b/);
  });

  it('tells Kafka’s number of those that travel, and none of others', () => {
    expect([
      kafkaNumberOf('UNKNOWN_SERVER_ERROR'),
      kafkaNumberOf('THROTTLED'),
      kafkaNumberOf('USAGE'),
    ]).toEqual([-1, 89, undefined]);
  });

  it('knows its codes, and nothing else', () => {
    expect(['ENOSPC', 'LOCKED', 'NONE', 'toString', undefined].map(isExplained)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
