import type { ResponseOf } from '@millrace/protocol';
import { checkMetadata } from './check-metadata.ts';

type Metadata = ResponseOf<'metadata'>;

const invalid = expect.objectContaining({ code: 'INVALID_METADATA' });
const broker = { nodeId: 1, host: 'a', port: 1 };

function metadata(topics: Metadata['topics'], brokers: Metadata['brokers'] = [broker]): Metadata {
  return { clusterId: 'c', brokers, topics };
}

function topic(name: string, partitions: readonly number[]): Metadata['topics'][number] {
  return {
    name,
    error: 'NONE',
    partitions: partitions.map((partition) => ({
      partition,
      error: 'NONE',
      leader: 1,
      replicas: [1],
      inSyncReplicas: [1],
    })),
  };
}

describe('metadata', () => {
  it('is put in the order of partitions, without topics that nobody asked for', () => {
    const checked = checkMetadata(metadata([topic('other', [0]), topic('orders', [1, 0])]), ['orders']);

    expect(checked.topics.map(({ name }) => name)).toEqual(['orders']);
    expect(checked.topics[0]?.partitions.map(({ partition }) => partition)).toEqual([0, 1]);
  });

  it.each([
    ['a partition twice', metadata([topic('orders', [0, 0])])],
    ['a gap between partitions', metadata([topic('orders', [0, 2])])],
    ['no partitions at all', metadata([topic('orders', [])])],
    ['the topic twice', metadata([topic('orders', [0]), topic('orders', [0])])],
    ['another topic only', metadata([topic('other', [0])])],
    [
      'more brokers than there can be',
      metadata(
        [topic('orders', [0])],
        Array.from({ length: 10_001 }, (_, nodeId) => ({ ...broker, nodeId })),
      ),
    ],
    ['a broker twice', metadata([topic('orders', [0])], [broker, { ...broker, port: 2 }])],
  ])('is refused when it names %s', (_, answer) => {
    expect(() => checkMetadata(answer, ['orders'])).toThrow(invalid);
  });
});
