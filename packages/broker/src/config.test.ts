import { type BrokerConfig, checkConfig } from './config.ts';

/** As it may come from JSON or from plain JavaScript. */
const given = (config: object): BrokerConfig => config as BrokerConfig;

describe('broker configuration', () => {
  it.each<[string, BrokerConfig]>([
    ['nothing', {}],
    ['a directory and a port', { dataDirectory: './data', listeners: [{ port: 9292 }] }],
    [
      'everything',
      {
        nodeId: 0,
        dataDirectory: '/data',
        listeners: [{ name: 'native', host: '::1', port: 0 }],
        insecure: true,
        durability: 'process',
        autoCreateTopics: { partitions: 3, replicas: 1 },
        log: { segmentBytes: 4096, indexIntervalBytes: 100, maxBatchBytes: 5_000, flush: { everyMs: 10 } },
        extraApis: {},
      },
    ],
    ['no automatic topics', { autoCreateTopics: false }],
  ])('may say %s', (_, config) => {
    expect(() => checkConfig(config)).not.toThrow();
  });

  it.each<[object, string]>([
    [{ nodeId: '1' }, "nodeId is '1', but must be a whole number from 0 to 2147483647"],
    [{ nodeId: -1 }, 'nodeId is -1, but must be a whole number'],
    [{ nodeId: 1.5 }, 'nodeId is 1.5, but must be a whole number'],
    [{ dataDirectory: '' }, "dataDirectory is '', but must not be an empty text"],
    [{ listeners: { port: 1 } }, 'listeners is { port: 1 }, but must be a list'],
    [
      { listeners: [{}, { port: 70_000 }] },
      'listeners[1].port is 70000, but must be a whole number from 0 to 65535',
    ],
    [{ durability: 'none' }, "durability is 'none', but must be 'flushed' or 'process'"],
    [{ autoCreateTopics: true }, 'autoCreateTopics is true, but must be false or'],
    [{ log: { flush: { everyMs: -1 } } }, 'log.flush.everyMs is -1, but must be'],
    [{ registry: 'zookeeper' }, "registry is 'zookeeper', but must be a function"],
  ])('says what is wrong with %j', (config, message) => {
    expect(() => checkConfig(given(config))).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONFIG',
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  it.each<[object, string, string]>([
    [{ dataDir: '/data' }, "there is no option 'dataDir'", "did you mean 'dataDirectory'?"],
    [{ listeners: [{ prot: 1 }] }, "there is no option 'listeners[0].prot'", "did you mean 'port'?"],
    [{ log: { segmentByte: 1 } }, "there is no option 'log.segmentByte'", "did you mean 'segmentBytes'?"],
    [{ qqqqqqqqqqqqqqqq: 1 }, "there is no option 'qqqqqqqqqqqqqqqq'", 'known are nodeId,'],
  ])('names the closest option for %j', (config, message, hint) => {
    expect(() => checkConfig(given(config))).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONFIG',
        message,
        hint: expect.stringContaining(hint) as string,
      }),
    );
  });
});
