import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SourceFile, sourceFiles, violations } from './check-layers.ts';
import { layers } from './layers.ts';

const packages = join(__dirname, '../packages');

describe('the layer check', () => {
  const file = (place: string, text: string): SourceFile => {
    const [folder = '', ...path] = place.split('/');
    return { folder, path: path.join('/'), text };
  };

  it.each([
    ['log/log.ts', `import type { BrokerApi } from '@millrace/protocol';`],
    ['record/record.ts', `import { readFileSync } from 'node:fs';`],
    ['producer/sender.ts', `export { tcpConnector } from '@millrace/transport';`],
    ['broker-core/partition.ts', `const { z } = await import('zod/mini');`],
    ['log/log.ts', `import fc from 'fast-check';`],
    ['client/retry.ts', 'const now = Date.now();'],
    ['consumer/fetcher.ts', 'setTimeout(next, 10);'],
    ['nowhere/new.ts', `import { CodedError } from '@millrace/runtime';`],
  ])('refuses in %s: %s', (place, text) => {
    expect(violations(file(place, text))).toHaveLength(1);
  });

  it.each([
    ['log/log.ts', `import type { Offset } from '@millrace/record';`],
    ['runtime/node/node-file-system.ts', `import fs from 'node:fs';`],
    ['runtime/system-clock.ts', 'const now = Date.now();'],
    ['log/testing/log-conformance.ts', `import fc from 'fast-check';`],
    ['client/retry.ts', '// never Date.now() here'],
    ['client/retry.ts', '/** no setTimeout(…) */ export const x = 1;'],
    ['broker/config.ts', `import { z } from 'zod/mini';`],
  ])('allows in %s: %s', (place, text) => {
    expect(violations(file(place, text))).toEqual([]);
  });
});

describe('every package', () => {
  it('imports only what its layer allows, and takes time, chance and files from the World', () => {
    expect(sourceFiles(packages).flatMap(violations)).toEqual([]);
  });

  it.each(readdirSync(packages))('%s depends only on layers below it, at exact versions', (folder) => {
    const manifest = JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8'));
    const allowed = layers[folder] ?? [];

    const dependencies = Object.entries({ ...manifest.dependencies, ...manifest.optionalDependencies });
    const loose = dependencies.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)));
    const refused = dependencies.filter(
      ([name]) =>
        allowed !== 'anything' && name.startsWith('@millrace/') && !allowed.includes(name.slice(10)),
    );

    expect({ loose, refused }).toEqual({ loose: [], refused: [] });
  });
});
