/** Every metric of a broker, by its name; `docs/metrics.md` is made from this. */
export const metrics = {
  millrace_requests_total: {
    kind: 'counter',
    help: 'Questions that came through a listener, by what came of them (NONE: an answer; its parts may have failed)',
    labels: ['api', 'listener', 'outcome'],
  },
  millrace_request_seconds: {
    kind: 'histogram',
    help: 'From the arrival of a question until its answer was ready; a fetch that waits for records waits in here',
    labels: ['api'],
  },
  millrace_records_in_total: { kind: 'counter', help: 'Records taken', labels: ['topic'] },
  millrace_bytes_in_total: { kind: 'counter', help: 'Bytes of record batches taken', labels: ['topic'] },
  millrace_bytes_out_total: {
    kind: 'counter',
    help: 'Bytes of record batches handed out',
    labels: ['topic'],
  },
  millrace_refused_total: {
    kind: 'counter',
    help: 'Partitions of produce and fetch questions that were refused, by code',
    labels: ['api', 'error'],
  },
  millrace_requests_in_flight: {
    kind: 'gauge',
    help: 'Questions that came through a listener and have no answer yet: fetches and joins that wait, produces that are being made safe',
    labels: ['api'],
  },
  millrace_connections: { kind: 'gauge', help: 'Open connections', labels: ['listener'] },
  millrace_connection_memory_bytes: {
    kind: 'gauge',
    help: 'What connections hold: requests on their way or without an answer, answers that have not left',
    labels: ['kind'],
  },
  millrace_brokers: { kind: 'gauge', help: 'Live brokers of the cluster, as this one sees them', labels: [] },
  millrace_partitions: {
    kind: 'gauge',
    help: 'Partitions: led by this broker, and offline (led by nobody) in the cluster',
    labels: ['state'],
  },
  millrace_group_lag_records: {
    kind: 'gauge',
    help: 'Records that a group has not done yet; told by the controller alone',
    labels: ['group', 'kind'],
  },
  millrace_disk_free_bytes: { kind: 'gauge', help: 'Room on the disk of the data directory', labels: [] },
} as const satisfies {
  readonly [name: string]: {
    readonly kind: 'counter' | 'gauge' | 'histogram';
    readonly help: string;
    readonly labels: readonly string[];
  };
};

/** Beyond so many topics the others are counted together, as the topic `other`: every one is a series for ever. */
export const maxTopics = 200;
