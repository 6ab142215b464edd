import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from './version.ts';

describe('version', () => {
  it('is the package’s', () => {
    const { version: published } = JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8'));
    expect(version).toBe(published);
  });
});
