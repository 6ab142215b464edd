/** Who may import whom: architecture §3 as data. `check-layers.ts` fails the build on anything else. */

/** Package (folder) → the packages whose modules it may import. */
export const layers: { readonly [folder: string]: readonly string[] | 'anything' } = {
  runtime: [],
  record: ['runtime'],
  protocol: ['runtime'],
  log: ['runtime', 'record'],
  transport: ['runtime', 'protocol'],
  'kafka-protocol': ['runtime', 'protocol'],
  coordination: ['runtime', 'record'],
  'broker-core': ['runtime', 'record', 'log', 'protocol', 'coordination'],
  'group-coordinator': ['runtime', 'protocol', 'coordination'],
  client: ['runtime', 'protocol', 'coordination'],
  producer: ['runtime', 'record', 'protocol', 'client'],
  consumer: ['runtime', 'record', 'protocol', 'client', 'coordination'],
  streams: ['runtime', 'record', 'client', 'producer', 'consumer', 'coordination'],
  mirror: ['runtime', 'record', 'client', 'producer', 'consumer', 'coordination'],
  broker: [
    'runtime',
    'record',
    'log',
    'protocol',
    'transport',
    'kafka-protocol',
    'coordination',
    'broker-core',
    'group-coordinator',
    'client',
  ],
  millrace: 'anything',
  'integration-tests': 'anything',
};

/** Third-party modules → where they may be imported; `**` at the end: that folder and below. */
export const fences: { readonly [module: string]: readonly string[] } = {
  msgpackr: ['protocol/**'],
  zod: ['protocol/**', 'broker/config**'],
  zookeeper: ['coordination/zookeeper/**'],
  koffi: ['transport/**'],
  '@node-rs/crc32': ['record/**'],
  snappy: ['record/**'],
  'lz4-napi': ['record/**'],
  '@toondepauw/node-zstd': ['record/**'],
  pino: ['millrace/**'],
  'prom-client': ['millrace/**'],
  'tar-stream': ['millrace/**'],
  commander: ['millrace/**'],
  'fastest-levenshtein': ['millrace/**', 'client/**', 'broker/config**', 'broker-core/topic-config**'],
  'node:fs': ['runtime/node/**', 'millrace/cli/**'],
  'node:fs/promises': ['runtime/node/**', 'millrace/cli/**'],
  'node:net': ['transport/**', 'coordination/zookeeper/server-link**'],
  'node:tls': ['transport/**'],
  'node:timers': ['runtime/**'],
  'node:timers/promises': ['runtime/**'],
  'node:child_process': [],
  'node:worker_threads': [],
};

/** What reaches for time, chance or the outside past the `World`; only `runtime` may. */
export const forbidden: readonly RegExp[] = [
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bperformance\.now\b/,
  /\bprocess\.hrtime\b/,
  /\bset(Timeout|Interval|Immediate)\(/,
  /\bMath\.random\b/,
  /\bAbortSignal\.timeout\b/,
  /\bFinalizationRegistry\b/,
  /\brandom(Bytes|UUID|Int|FillSync)\(/,
  // The fake timers of test runners hold these for ever; they leave promises alone.
  /\b(queueMicrotask|process\.nextTick)\(/,
];
