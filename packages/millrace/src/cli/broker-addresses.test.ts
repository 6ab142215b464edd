import { brokerAddresses, formatAddress, parseAddress } from './broker-addresses.ts';

describe('brokerAddresses', () => {
  it('takes the option before the environment before the default', () => {
    const env = { MILLRACE_BROKER: 'elsewhere:1234' };

    expect(brokerAddresses('here:1', { env })).toEqual(['here:1']);
    expect(brokerAddresses(undefined, { env })).toEqual(['elsewhere:1234']);
    expect(brokerAddresses(undefined, { env: {} })).toEqual(['127.0.0.1:9292']);
    expect(brokerAddresses(undefined, { env: { MILLRACE_BROKER: '' } })).toEqual(['127.0.0.1:9292']);
  });

  it('takes several, with IPv6 addresses in brackets', () => {
    expect(brokerAddresses('a:1, [::1]:2', { env: {} })).toEqual(['a:1', '[::1]:2']);
  });

  it('says which of option and environment is wrong', () => {
    const refusal = (option: string | undefined, env: Record<string, string>) => {
      try {
        return brokerAddresses(option, { env });
      } catch (error) {
        return (error as Error).message;
      }
    };

    expect(refusal('nonsense', {})).toContain("--broker 'nonsense'");
    expect(refusal(undefined, { MILLRACE_BROKER: 'nonsense' })).toContain("MILLRACE_BROKER 'nonsense'");
  });
});

describe('parseAddress', () => {
  it.each(['127.0.0.1:9292', 'localhost:0', '[fe80::1%eth0]:65535'])(
    'and formatAddress are inverse for %s',
    (text) => {
      expect(formatAddress(parseAddress(text, '--listen'))).toBe(text);
    },
  );

  it.each([
    '',
    ':',
    'host',
    'host:',
    ':9292',
    'host:65536',
    'host:-1',
    'host:9292x',
    '::1:9292',
    'http://a:1',
    'a b:1',
  ])('refuses %j', (text) => {
    expect(() => parseAddress(text, '--listen')).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining('--listen 127.0.0.1:9292') }),
    );
  });

  it('says of a port that is too large which is the greatest', () => {
    expect(() => parseAddress('host:99999', '--broker')).toThrow(
      "--broker 'host:99999' has the port 99999, and the greatest is 65535",
    );
  });
});
