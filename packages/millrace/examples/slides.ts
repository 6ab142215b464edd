// The API of the slides, as written there.
import { ByteBufferMessageSet, connect, Message, startBroker } from 'millrace';

const broker = await startBroker();
const client = connect(broker);

// Producer
const producer = client.producer();
const message = new Message(Buffer.from('test message str'));
await producer.send('test', new ByteBufferMessageSet(message));

// Consumer
const consumer = client.consumer({ group: 'test-group' });
const [stream] = await consumer.createMessageStreams('test', 1);
for await (const received of stream ?? []) {
  console.log(received.payload().toString()); // → test message str
  break;
}

await client.close();
await broker.stop();
