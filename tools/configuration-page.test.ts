import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationPage, configurationPagePath } from './configuration-page.ts';

describe('the page of the configuration', () => {
  it('is what tools/configuration-page.ts makes', () => {
    expect(readFileSync(join(__dirname, '..', configurationPagePath), 'utf8')).toBe(configurationPage());
  });
});
