import type { ExplainedCode } from './error-codes.ts';
import type { Explanation } from './explanation.ts';

/** What is written and read. */
export const recordExplanations = {
  RECORD_TOO_LARGE: {
    meaning: 'A record is larger than a batch of records may be.',
    why: 'A batch has 1 MiB unless it was told otherwise, and a record must fit into one.',
    cure: 'Send smaller records: put large things elsewhere and write where they are.',
    retry: 'No.',
    from: 'producer.send, `millrace produce`, and log.append.',
  },
  MESSAGE_TOO_LARGE: {
    meaning: 'The broker does not take a batch of that size.',
    why: 'The topic takes batches of max.message.bytes at most, 1 MiB by default.',
    cure: '`millrace topic alter NAME --config max.message.bytes=N` raises it; or send smaller records.',
    retry: 'No.',
    from: 'producer.send and `millrace produce`.',
  },
  LINE_TOO_LONG: {
    meaning: 'A line of the input is longer than any record can be.',
    why: 'The input has no newlines where they are expected: it may be binary or compressed.',
    cure: 'Unpack it first (`zcat -f`), or cut it into lines.',
    retry: 'No.',
    from: '`millrace produce`.',
  },
  INVALID_RECORD: {
    meaning: 'What should be written cannot be a record, or what was read is not what the reader expects.',
    why: 'A key or value is not what the serde or schema takes; or it has no key, and its topic is compacted.',
    cure: 'The message says what was there. Use the same serde for writing and reading; give records of compacted topics a key.',
    retry: 'No.',
    from: 'producer.send, the serdes json, text and bytes, schemas, and log.append.',
  },
  UNDECODABLE_RECORD: {
    meaning: 'A consumer cannot make sense of a record that it read.',
    why: 'It was written in another form than the consumer’s serde expects. The message names partition and offset.',
    cure: 'Read it with the serde `bytes` to see what it is; seek to the next offset to pass it.',
    retry: 'No; the consumer stays at that record.',
    from: 'Iterating over a consumer.',
  },
  CORRUPT_MESSAGE: {
    meaning: 'Bytes that should be records or answers are damaged.',
    why: 'A fault of disk, memory or network, somebody changed a file, or what answers is not a Millrace broker.',
    cure: 'Where a file is named, check the disk; details.nextOffset is the next offset that can be read.',
    retry: 'No.',
    from: 'Reading a log or a topic, writing, and any answer of a broker.',
  },
  COMPRESSION_UNAVAILABLE: {
    meaning: 'Records are compressed in a way that this program cannot handle yet.',
    why: 'snappy, lz4 and zstd each need a package that is installed only when it is wanted.',
    cure: 'Install the package that the message names, then start again. gzip needs none.',
    retry: 'No, not before it is installed.',
    from: 'Producing or consuming with compression.',
  },
  DELIVERY_TIMED_OUT: {
    meaning: 'A record was not acknowledged in time.',
    why: 'No broker was reached for two minutes (deliveryTimeoutMs), or it could not store the record.',
    cure: 'See whether the broker runs and has room. The message says whether the record may have been written.',
    retry: 'Yes where the message says that it was not written; otherwise it may be there twice.',
    from: 'producer.send and `millrace produce`.',
  },
  PRODUCER_CLOSED: {
    meaning: 'A producer was used after it was closed.',
    why: 'close() came before the last send.',
    cure: 'Wait for the sends before you close, or make another producer.',
    retry: 'No, not with this producer.',
    from: 'producer.send.',
  },
  OUT_OF_ORDER_SEQUENCE: {
    meaning: 'A producer’s batch does not follow the last one that the broker has of it.',
    why: 'A batch in between was lost or refused, or the broker lost records.',
    cure: 'Look from the last acknowledged record on what is there. A producer of ours goes on by itself.',
    retry: 'No: see the error’s mayBeWritten first.',
    from: 'producer.send with acks all, and log.append.',
  },
  INVALID_PRODUCER_EPOCH: {
    meaning: 'A newer instance of this producer has taken over.',
    why: 'Two producers write with the same id; the older one is kept out.',
    cure: 'Stop the older one. A producer of ours takes another id and goes on by itself.',
    retry: 'No: see the error’s mayBeWritten first.',
    from: 'producer.send with acks all, and log.append.',
  },
  INVALID_REQUIRED_ACKS: {
    meaning: 'acks is none of none, leader and all.',
    why: 'A client of another kind asked for something else.',
    cure: 'Choose one of the three.',
    retry: 'No.',
    from: 'Writing, by clients other than Millrace’s own.',
  },
} satisfies { readonly [Code in ExplainedCode]?: Explanation };
