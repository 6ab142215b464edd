import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from './version.ts';

describe('version', () => {
  it('is the one that the package is published with', () => {
    const manifest: { version: string } = JSON.parse(
      readFileSync(join(__dirname, '../package.json'), 'utf8'),
    );

    expect(version).toBe(manifest.version);
  });
});
