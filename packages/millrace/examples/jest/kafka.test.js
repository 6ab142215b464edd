const { Kafka, logLevel } = require('kafkajs');
const { startTestBroker } = require('millrace/testing');

test('a Kafka client writes and reads, unchanged', async () => {
  const broker = await startTestBroker({ kafka: true });
  const kafka = new Kafka({ brokers: [broker.kafka], logLevel: logLevel.NOTHING });
  const [producer, consumer] = [kafka.producer(), kafka.consumer({ groupId: 'billing' })];
  await Promise.all([producer.connect(), consumer.connect()]);
  await producer.send({ topic: 'orders', messages: [{ key: 'a', value: 'nine' }] });
  await consumer.subscribe({ topic: 'orders', fromBeginning: true });
  const read = new Promise((resolve) => {
    void consumer.run({ eachMessage: async ({ message }) => resolve(String(message.value)) });
  });
  expect(await read).toBe('nine');
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
  await broker.close();
});
