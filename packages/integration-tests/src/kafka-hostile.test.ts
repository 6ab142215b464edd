import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { kafkaCodec } from '@millrace/kafka-protocol';
import { damagedBytes, seededRandom } from '@millrace/runtime/testing';
import { type Broker, startBroker } from 'millrace';
import { framed } from './framed.ts';
import { goldenRequests } from './kafka-golden-requests.ts';
import { KafkaWire } from './kafka-wire.ts';

const golden = join(__dirname, '../../kafka-protocol/src/golden');
const mutations = Number(process.env['KAFKA_FUZZ'] ?? 20);
const seed = Number(process.env['KAFKA_SEED'] ?? 1);
/** Of a question that parks. */
const patienceMs = 40;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is still in use, whenever the collector would have come by itself. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('what strangers send to the listener for Kafka’s clients', () => {
  let broker: Broker;
  let port: number;

  beforeAll(async () => {
    broker = await startBroker({ listeners: [{ codec: kafkaCodec() }] });
    port = broker.endpoints['kafka']?.port ?? 0;
  });
  afterAll(() => broker.stop());

  /** Resolves when the listener answered, ended the connection, or had time enough. */
  const send = (bytes: Buffer): Promise<'answered' | 'ended' | 'waits'> =>
    new Promise((resolve) => {
      const socket = connectSocket(port, '127.0.0.1', () => socket.write(bytes));
      const done = (what: 'answered' | 'ended' | 'waits') => {
        clearTimeout(timer);
        socket.destroy();
        resolve(what);
      };
      const timer = setTimeout(() => done('waits'), patienceMs);
      socket
        .once('data', () => done('answered'))
        .once('close', () => done('ended'))
        .on('error', () => {});
    });

  const servesOthers = async (): Promise<void> => {
    const wire = await KafkaWire.connect(port);
    const { answer } = await wire.ask('metadata', 9, { topics: [] });
    expect(answer.brokers).toHaveLength(1);
    wire.close();
  };

  it('is answered, parked or refused: every question in every version, with fields that make no sense', async () => {
    const outcomes = [];
    for (const { frame } of goldenRequests(golden)) outcomes.push(await send(framed(frame)));

    expect(outcomes.filter((outcome) => outcome === 'answered').length).toBeGreaterThan(100);
    await servesOthers();
  }, 120_000);

  it(`harms nobody else, whatever became of it on the way (${mutations} mutations of each, seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const before = heldBytes();
    const all = goldenRequests(golden);
    for (let round = 0; round < mutations; round += 1) {
      // Many at a time: who parks waits for nobody.
      await Promise.all(all.map(({ frame }) => send(framed(damagedBytes(frame, random)))));
      await servesOthers();
    }

    expect(heldBytes() - before).toBeLessThan(32 << 20);
  }, 120_000);

  it.each([
    ['a length of 2 GiB', Buffer.from('7fffffff', 'hex')],
    ['a negative length', Buffer.from('ffffffff', 'hex')],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['an unknown question', framed(Buffer.from('7fff000000000001ffff', 'hex'))],
    ['a version of later', framed(Buffer.from('0000007f00000001ffff', 'hex'))],
  ])('ends the connection for %s', async (_, bytes) => {
    expect(await send(bytes)).toBe('ended');
    await servesOthers();
  });
});
