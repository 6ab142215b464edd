import { addressText, bootstrapAddress } from './bootstrap-address.ts';

describe('a bootstrap address', () => {
  it('is read from text, with brackets around IPv6', () => {
    expect(bootstrapAddress('broker-1:9292')).toEqual({ nodeId: undefined, host: 'broker-1', port: 9292 });
    expect(bootstrapAddress('[::1]:9292')).toEqual({ nodeId: undefined, host: '::1', port: 9292 });
    expect(addressText({ host: '::1', port: 9292 })).toBe('[::1]:9292');
  });

  it('keeps the id of a broker that is known', () => {
    const node = { nodeId: 3, host: 'in-process', port: 0 };

    expect(bootstrapAddress(node)).toEqual(node);
  });

  it.each([
    '',
    'broker',
    'broker:',
    ':9292',
    'broker:0',
    'broker:65536',
    'a:b:1',
    'http://broker:1',
    '::1:9',
  ])('is refused when it is not host:port: %j', (text) => {
    expect(() => bootstrapAddress(text)).toThrow(expect.objectContaining({ code: 'INVALID_ADDRESS' }));
  });
});
