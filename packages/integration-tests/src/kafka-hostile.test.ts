import { readdirSync, readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { kafkaApis, kafkaCodec } from '@millrace/kafka-protocol';
import { seededRandom } from '@millrace/runtime/testing';
import { type Broker, startBroker } from 'millrace';
import { KafkaWire } from './kafka-wire.ts';

const golden = join(__dirname, '../../kafka-protocol/src/golden');
const mutations = Number(process.env['KAFKA_FUZZ'] ?? 20);
const seed = Number(process.env['KAFKA_SEED'] ?? 1);
/** Of a question that parks. */
const patienceMs = 40;

interface Question {
  readonly name: string;
  readonly frame: Buffer;
}

/** A request of every version of every question, with all fields filled, as franz-go writes it. */
function questions(): Question[] {
  return readdirSync(golden).flatMap((file) => {
    const key = Number(file.slice(0, 2));
    const api = Object.values(kafkaApis).find((one) => one.key === key);
    const lines = readFileSync(join(golden, file), 'utf8').trim().split('\n');
    const samples = lines.map((line) => JSON.parse(line) as { version: number; kind: string; hex: string });
    return samples
      .filter(({ kind }) => kind === 'request')
      .map(({ version, hex }) => {
        const header = Buffer.alloc(10);
        header.writeInt16BE(key, 0);
        header.writeInt16BE(version, 2);
        header.writeInt32BE(1, 4);
        header.writeInt16BE(-1, 8);
        const tags = api?.isFlexible(version) === true ? Buffer.alloc(1) : Buffer.alloc(0);
        const frame = Buffer.concat([header, tags, Buffer.from(hex, 'hex')]);
        return { name: `${api?.name} ${version}`, frame };
      });
  });
}

function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A few bytes are others, or it is cut, or longer. */
function mutated(frame: Buffer, random: ReturnType<typeof seededRandom>): Buffer {
  const bytes = Buffer.from(frame);
  for (let change = random.int(4); change >= 0; change -= 1)
    bytes[random.int(bytes.length)] = [0, 0xff, 0x7f, 0x80, random.int(256)][random.int(5)] ?? 0;
  if (random.int(4) === 0) return bytes.subarray(0, random.int(bytes.length));
  return random.int(6) === 0 ? Buffer.concat([bytes, Buffer.alloc(random.int(50), 0xff)]) : bytes;
}

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
    for (const { frame } of questions()) outcomes.push(await send(framed(frame)));

    expect(outcomes.filter((outcome) => outcome === 'answered').length).toBeGreaterThan(100);
    await servesOthers();
  }, 120_000);

  it(`harms nobody else, whatever became of it on the way (${mutations} mutations of each, seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const before = heldBytes();
    const all = questions();
    for (let round = 0; round < mutations; round += 1) {
      // Many at a time: who parks waits for nobody.
      await Promise.all(all.map(({ frame }) => send(framed(mutated(frame, random)))));
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
