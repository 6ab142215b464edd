const { json } = require('millrace');

/** The service under test: charges each order. `client` is what `connect(…)` gives, or a test broker. */
exports.startBilling = async (client) => {
  const charges = client.producer({ value: json() });
  const orders = client.consumer({ group: 'billing', topics: ['orders'], value: json() });
  for await (const { key, value } of orders) {
    await charges.send({ topic: 'charges', key, value: { order: value.id, amount: value.total } });
  }
};
