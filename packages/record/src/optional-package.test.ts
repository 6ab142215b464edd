import { loadOptionalPackage } from './optional-package.ts';

describe('an optional package', () => {
  it('is loaded by name', async () => {
    const library = await loadOptionalPackage<{ crc32c(bytes: Uint8Array): number }>('@node-rs/crc32');

    expect(library.crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  it('that is not installed is a rejection', async () => {
    await expect(loadOptionalPackage('@millrace/no-such-package')).rejects.toMatchObject({
      code: 'MODULE_NOT_FOUND',
    });
  });
});
