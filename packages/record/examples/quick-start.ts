import { BatchBuilder, json, loadCompression, recordsIn, stampBatch, verifyBatch } from '@millrace/record';

const order = json<{ id: number; total: number }>();
const gzip = await loadCompression('gzip');

// A producer gathers records into a batch.
const builder = new BatchBuilder({ maxBytes: 1024 * 1024, codec: gzip });
for (let id = 1; id <= 1000; id += 1) {
  builder.tryAppend(
    { key: `customer-${id % 10}`, value: order.encode({ id, total: id * 3 }) },
    1_700_000_000_000,
  );
}
const batch = builder.build();

// A broker checks it and says where it stands in the log: twelve bytes, nothing decoded.
console.log(verifyBatch(batch).recordCount); // → 1000
stampBatch(batch, 0, { baseOffset: 5000, leaderEpoch: 3 });

// A consumer reads on where it was.
for (const record of recordsIn(batch, { from: 5998 })) {
  console.log(record.offset, record.key?.toString(), order.decode(record.value).total);
  // → 5998 customer-9 2997
  // → 5999 customer-0 3000
}
