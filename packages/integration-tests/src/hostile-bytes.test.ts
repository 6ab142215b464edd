import { connect as connectSocket } from 'node:net';
import { connect, startBroker } from 'millrace';

type Broker = Awaited<ReturnType<typeof startBroker>>;

const length = (bytes: number): Buffer => {
  const frame = Buffer.alloc(4);
  frame.writeInt32BE(bytes);
  return frame;
};

/** A frame whose envelope claims an array of 2^32 - 1 elements. */
const msgpackBomb = Buffer.concat([length(9), length(5), Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff])]);

const hostile: readonly (readonly [string, Buffer])[] = [
  ['random bytes', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919 + 13) % 256))],
  ['a TLS hello', Buffer.from('16030100f1010000ed0303aabbccddeeff', 'hex')],
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['a length of 0x7fffffff', length(0x7fffffff)],
  ['a negative length', length(-1)],
  ['a msgpack bomb', msgpackBomb],
  ['a megabyte of zeros', Buffer.alloc(1 << 20)],
];

describe('hostile bytes on the port', () => {
  let broker: Broker;
  let port: number;

  beforeAll(async () => {
    broker = await startBroker({ listeners: [{ name: 'native', host: '127.0.0.1', port: 0 }] });
    port = broker.endpoints['native']?.port ?? 0;
  });

  afterAll(() => broker.stop());

  const offsetForNeighbour = async (topic: string): Promise<number> => {
    const client = connect(`127.0.0.1:${port}`);
    try {
      const delivery = await client.producer().send({ topic, value: 'still here' });
      return delivery.offset;
    } finally {
      await client.close();
    }
  };

  it.each(hostile)('%s: that connection ends, memory stays flat, others are served', async (_name, bytes) => {
    const before = process.memoryUsage().rss;
    const ended = new Promise<void>((resolve) => {
      const socket = connectSocket(port, '127.0.0.1', () => socket.write(bytes));
      socket
        .resume()
        .once('close', () => resolve())
        .on('error', () => {});
    });

    await ended;

    expect(process.memoryUsage().rss - before).toBeLessThan(64 << 20);
    expect(await offsetForNeighbour('neighbours')).toBeGreaterThanOrEqual(0);
  });

  it('half a frame: others are served while it waits', async () => {
    const socket = connectSocket(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(Buffer.concat([length(100), Buffer.alloc(10)]));

    expect(await offsetForNeighbour('neighbours')).toBeGreaterThanOrEqual(0);
    expect(socket.destroyed).toBe(false);

    socket.destroy();
  });
});
