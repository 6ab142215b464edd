import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestBroker } from 'millrace/testing';

const dayMs = 24 * 60 * 60 * 1000;

test('reminders are gone after a week, and not before', async () => {
  const broker = await startTestBroker({ clock: 'manual' }); // time stands still until the test moves it on
  await broker.createTopic('reminders', { config: { 'retention.ms': String(7 * dayMs) } });
  await broker.producer().send({ topic: 'reminders', value: 'call Alice' });

  await broker.clock.advance(6 * dayMs);
  assert.equal((await broker.records('reminders')).length, 1);
  await broker.clock.advance(2 * dayMs);
  assert.equal((await broker.records('reminders')).length, 0);

  await broker.close();
});
