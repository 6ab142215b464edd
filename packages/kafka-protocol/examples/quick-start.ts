import { kafkaApis, Reader, Writer } from '@millrace/kafka-protocol';

// Each question is declared once for all versions; how one version is written is worked out when it is first used.
const version = 12;
const request = kafkaApis.metadata.request(version);
const writer = new Writer();
writer.begin();
request.write(writer, { topics: [{ topic: 'logs' }] });
const frame = Buffer.concat(writer.finish() as Uint8Array[]);
console.log(frame.toString('hex')); // → 0000001a0200000000000000000000000000000000056c6f677300010000

// What a version does not have holds what it holds otherwise: one handler serves all.
const asked = request.read(new Reader(frame.subarray(4), 1_000));
console.log(asked.topics?.[0]?.topic, asked.includeClusterAuthorizedOperations); // → logs false
