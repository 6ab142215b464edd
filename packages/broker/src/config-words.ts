import type { BrokerConfig, ListenerConfig } from './config.ts';

/** A sentence for every option, so that a new one without is a type error. */
type Words<Options> = { readonly [Name in keyof Options]-?: string };
type Topics = Exclude<BrokerConfig['autoCreateTopics'], false | undefined>;
type Log = NonNullable<BrokerConfig['log']>;
type Advertised = NonNullable<ListenerConfig['advertised']>;
type Flush = NonNullable<Log['flush']>;

/** What the options mean, by their place in the configuration. Types, bounds and defaults are in `config.ts`. */
export const configWords: {
  readonly '': Words<BrokerConfig>;
  readonly listeners: Words<ListenerConfig>;
  readonly 'listeners.advertised': Words<Advertised>;
  readonly autoCreateTopics: Words<Topics>;
  readonly log: Words<Log>;
  readonly 'log.flush': Words<Flush>;
} = {
  '': {
    nodeId: 'the number of this broker in its cluster',
    dataDirectory: 'where the data lies; without one everything is in memory, and gone with `stop()`',
    listeners: 'the ports; without any, clients reach the broker in its own process alone',
    insecure: 'listen beyond this machine: whoever reaches the port reads and writes everything',
    registry:
      'opens a session of the registry that the brokers of a cluster share; without one the broker keeps its own and is a cluster of one',
    durability:
      'what acks `all` waits for and consumers see: `flushed` survives a power cut, `process` the end of the process',
    minFreeDiskBytes:
      'with less room on the disk no records are taken (STORAGE_ERROR, which is tried again), until there is room again; 0: the disk is not looked at',
    connectionMemoryBytes:
      'what all connections together may hold: seven eighths for requests, of which one may take half, the rest for answers; beyond, nobody is refused, but requests are read more slowly',
    autoCreateTopics:
      'what a topic gets that is not there when a record is sent to it; `false`: nothing is made, and the producer is told',
    log: 'what holds for topics whose own configuration says nothing else',
    extraApis: 'answers to further questions of the protocol',
  },
  listeners: {
    name: 'how the address is named in `broker.endpoints`; without one the name of the codec',
    host: 'the address to listen on; addresses beyond this machine need `insecure`',
    port: '0: any that is free; `broker.endpoints` tells which',
    advertised:
      'the address that clients and other brokers are told, where it is not `host` and `port`; of a listener on all addresses in a cluster the machine’s name',
    codec: 'how questions and answers become bytes; without one `msgpackCodec()`',
  },
  'listeners.advertised': {
    host: 'a name or address of this machine, as others reach it',
    port: 'without one the port that was bound',
  },
  autoCreateTopics: {
    partitions: 'how many partitions; for ever',
    replicas: 'how many brokers keep each partition',
  },
  log: {
    cleanupPolicy:
      'how old records go: `delete` by age and size, `compact` keeps the newest of each key, and then every record needs one',
    retentionMs: 'a segment goes once its youngest record is older than this, in ms; -1: never',
    retentionBytes: 'the oldest segments of a partition go while the others hold at least so much; -1: never',
    segmentBytes: 'a new segment file is begun beyond this size',
    segmentMs: 'a new segment file is begun when a record is so much younger than the first one, in ms',
    deleteRetentionMs: 'how long a tombstone stays after it was compacted, in ms',
    minCompactionLagMs: 'records younger than this are not compacted, in ms',
    minCleanableDirtyRatio: 'compaction begins once this share of the sealed bytes was not compacted yet',
    compactionMemoryBytes:
      'what compaction may take to remember keys, 24 bytes each; it takes what it needs, one log after another',
    indexIntervalBytes: 'the offset index gets an entry every so many bytes',
    maxBatchBytes: 'the largest record batch that is taken',
    flush: 'when to flush what nobody waits for',
  },
  'log.flush': {
    everyMs: 'for how long such a flush may be put off, in ms; 0: it begins at once, behind the appends',
    everyRecords: 'it begins sooner when so many records wait for it',
  },
};
