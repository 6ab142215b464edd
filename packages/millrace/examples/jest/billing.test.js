const { json } = require('millrace');
const { startTestBroker } = require('millrace/testing');
const { startBilling } = require('./billing.js');

test('billing charges what an order costs', async () => {
  const broker = await startTestBroker();
  void startBilling(broker);
  await broker.producer({ value: json() }).send({ topic: 'orders', value: { id: 1, total: 9 } });
  await broker.settled(); // nothing is in flight, every group has done all there is
  const [charge] = await broker.records('charges', { value: json() });
  expect(charge.value).toEqual({ order: 1, amount: 9 });
  await broker.close();
});
