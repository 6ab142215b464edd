import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsPage, errorsPageCommand, errorsPagePath } from './errors-page.ts';

describe('the page of errors', () => {
  it(`is what \`${errorsPageCommand}\` makes`, () => {
    expect(readFileSync(join(__dirname, '..', errorsPagePath), 'utf8')).toBe(errorsPage());
  });
});
