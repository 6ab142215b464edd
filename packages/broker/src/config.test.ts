import { BatchBuilder } from '@millrace/record';
import { memoryFileSystem } from '@millrace/runtime';
import { testWorld } from '@millrace/runtime/testing';
import { type BrokerConfig, brokerDefaults, checkConfig, listenerDefaults } from './config.ts';
import { startBroker } from './start-broker.ts';

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
        log: {
          cleanupPolicy: 'compact,delete',
          retentionMs: 1_000,
          retentionBytes: -1,
          segmentBytes: 4096,
          segmentMs: 60_000,
          deleteRetentionMs: 0,
          minCompactionLagMs: 5_000,
          minCleanableDirtyRatio: 0.25,
          compactionMemoryBytes: 1024 * 1024,
          indexIntervalBytes: 100,
          maxBatchBytes: 5_000,
          flush: { everyMs: 10, everyRecords: 100 },
        },
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
    [{ log: { flush: { everyMs: 1, everyRecords: 0 } } }, 'log.flush.everyRecords is 0, but must be'],
    [
      { log: { cleanupPolicy: 'none' } },
      "log.cleanupPolicy is 'none', but must be 'delete', 'compact' or 'compact,delete'",
    ],
    [{ log: { retentionMs: -2 } }, 'log.retentionMs is -2, but must be a whole number from 0 to'],
    [
      { log: { minCleanableDirtyRatio: 2 } },
      'log.minCleanableDirtyRatio is 2, but must be a number from 0 to 1',
    ],
    [{ log: { minCleanableDirtyRatio: '0.5' } }, "log.minCleanableDirtyRatio is '0.5', but must be a number"],
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
    [{ log: { retention: 1 } }, "there is no option 'log.retention'", "did you mean 'retentionMs'?"],
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

describe('broker defaults', () => {
  /** Sends a record that no flush follows; what the broker says of it. */
  const answerWithoutFlush = async (config: BrokerConfig): Promise<string | undefined> => {
    const world = testWorld(1, memoryFileSystem());
    const broker = await startBroker({ ...config, dataDirectory: '/data' }, world);
    const connection = await broker.connect({ nodeId: undefined, host: '', port: 0 });
    await connection.call('createTopics', { timeoutMs: 5_000, topics: [{ name: 'orders' }] });
    world.files.failNext('sync', Object.assign(new Error('no disk'), { code: 'EIO' }));
    const batch = new BatchBuilder({ maxBytes: 1024 });
    batch.tryAppend({ value: 'a' }, 0);
    const { partitions } = await connection.call('produce', {
      acks: 'all',
      timeoutMs: 5_000,
      partitions: [{ topic: 'orders', partition: 0, batches: batch.build() }],
    });
    await broker.stop().catch(() => {}); // the log that failed says so again
    return partitions[0]?.error;
  };

  it('are what a broker does that is told nothing', async () => {
    const broker = await startBroker({}, testWorld());
    const connection = await broker.connect({ nodeId: undefined, host: '', port: 0 });

    const { topics } = await connection.call('metadata', { topics: ['orders'], allowAutoCreate: true });

    expect(broker.nodeId).toBe(brokerDefaults.nodeId);
    expect(topics[0]?.partitions).toHaveLength(brokerDefaults.autoCreateTopics.partitions);
    expect(topics[0]?.partitions[0]?.replicas).toHaveLength(brokerDefaults.autoCreateTopics.replicas);
    await broker.stop();
  });

  it('name the address of a listener that is told nothing', async () => {
    const broker = await startBroker({ listeners: [{}] }, testWorld());

    const [endpoint] = Object.values(broker.endpoints);

    expect(listenerDefaults.port).toBe(0);
    expect(endpoint?.host).toBe(listenerDefaults.host);
    expect(endpoint?.port).toBeGreaterThan(0);
    await broker.stop();
  });

  it('name the durability', async () => {
    const told = await answerWithoutFlush({ durability: brokerDefaults.durability });
    const untold = await answerWithoutFlush({});
    const other = await answerWithoutFlush({ durability: 'process' });

    expect([told, untold, other]).toEqual(['STORAGE_ERROR', 'STORAGE_ERROR', 'NONE']);
  });
});
