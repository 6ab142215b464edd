import { parseConnectString } from './connect-string.ts';

describe('a connect string', () => {
  it.each([
    ['zk:2181', [{ host: 'zk', port: 2181 }], ''],
    ['zk', [{ host: 'zk', port: 2181 }], ''],
    ['zk/', [{ host: 'zk', port: 2181 }], ''],
    [
      'a:1,b:2/kafka/main',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      '/kafka/main',
    ],
    [
      'a:1, b:2',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      '',
    ],
    ['[::1]:2182/x', [{ host: '::1', port: 2182 }], '/x'],
  ])('%s names servers and a root', (connect, servers, root) => {
    expect(parseConnectString(connect)).toEqual({ servers, root });
  });

  it.each(['', '/root', 'a:1,,b:2', 'a:0', 'a:70000', 'a:x', '::1:2181', 'a b:1'])(
    '%j is none',
    (connect) => {
      expect(() => parseConnectString(connect)).toThrow(RangeError);
      expect(() => parseConnectString(connect)).toThrow(
        /is not host:port; wanted is host:port,host:port\/path/,
      );
    },
  );
});
