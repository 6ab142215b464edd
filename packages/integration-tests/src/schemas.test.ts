import { type } from 'arktype';
import { expectTypeOf } from 'expect-type';
import { connect, type Encoder, json, type Producer, text } from 'millrace';
import { startTestBroker, type TestBroker } from 'millrace/testing';
import * as v from 'valibot';
import { z } from 'zod';

interface Order {
  id: number;
  total: number;
}

/** The same order, as three libraries say it; what comes back has a currency and a date. */
const schemas = {
  zod: json(
    z.object({
      id: z.number(),
      at: z.iso.datetime().pipe(z.coerce.date()),
      currency: z.string().default('EUR'),
    }),
  ),
  valibot: json(
    v.object({
      id: v.number(),
      at: v.pipe(
        v.string(),
        v.isoTimestamp(),
        v.transform((said) => new Date(said)),
      ),
      currency: v.optional(v.string(), 'EUR'),
    }),
  ),
  arktype: json(type({ id: 'number', at: 'string.date.iso.parse', currency: 'string = "EUR"' })),
};

describe('a client with schemas', () => {
  let broker: TestBroker;

  beforeAll(async () => {
    broker = await startTestBroker();
  });
  afterAll(() => broker.close());

  it.each(Object.entries(schemas))(
    'writes and reads what %s says, defaults and dates included',
    async (library, schema) => {
      const topic = `orders-${library}`;
      await broker
        .producer({ value: schema })
        .send({ topic, value: { id: 1, at: '2026-11-23T10:00:00.000Z' } });

      const consumer = broker.consumer({ partitions: [{ topic, partition: 0 }], value: schema });
      for await (const { value } of consumer) {
        expect(value).toEqual({ id: 1, at: new Date('2026-11-23T10:00:00Z'), currency: 'EUR' });
        break;
      }
    },
  );

  it.each(Object.entries(schemas))(
    'refuses what does not fit before anything is sent (%s)',
    async (library, schema) => {
      const topic = `refused-${library}`;
      const producer = broker.producer({ value: schema as Encoder<unknown> });

      await expect(producer.send({ topic, value: { id: 'one', at: 'noon' } })).rejects.toMatchObject({
        code: 'INVALID_RECORD',
        message: expect.stringMatching(/does not fit its schema: .*id/),
      });
      expect(await broker.topics()).not.toContain(topic);
    },
  );
});

describe('types', () => {
  const client = connect('127.0.0.1:9292');

  it('of a producer are what its serdes take', () => {
    type Sent<P> = P extends Producer<infer Key, infer Value> ? [Key, Value] : never;
    const producer = client.producer({ key: text, value: json<Order>() });

    expectTypeOf<Sent<typeof producer>>().toEqualTypeOf<[string, Order]>();
    type Writes = Encoder<{ id: number; at: string; currency?: string | undefined }>;
    expectTypeOf(schemas.zod).toExtend<Writes>();
    expectTypeOf(schemas.valibot).toExtend<Writes>();
    expectTypeOf(schemas.arktype).toExtend<Encoder<{ id: number; at: string; currency?: string }>>();
    expect(producer).toBeDefined();
  });

  it('of a consumer are what its serdes make', () => {
    const plain = client.consumer({ partitions: [] });
    const typed = client.consumer({ partitions: [], key: text, value: schemas.zod });
    const functions = client.consumer({ partitions: [], value: { decode: (bytes) => bytes?.length ?? 0 } });

    type RecordOf<C> = C extends AsyncIterable<infer R> ? R : never;
    expectTypeOf<RecordOf<typeof plain>['value']>().toEqualTypeOf<Buffer | null>();
    expectTypeOf<RecordOf<typeof typed>['key']>().toEqualTypeOf<string>();
    expectTypeOf<RecordOf<typeof typed>['value']>().toEqualTypeOf<{
      id: number;
      at: Date;
      currency: string;
    }>();
    expectTypeOf<RecordOf<typeof functions>['value']>().toEqualTypeOf<number>();
    expect(plain.positions()).toEqual([]);
  });

  it('forbid what would fail', () => {
    const wrong = (): void => {
      // @ts-expect-error a total is missing
      void client.producer({ value: json<Order>() }).send({ topic: 'orders', value: { id: 1 } });
      // @ts-expect-error without a serde a value is text or bytes
      void client.producer().send({ topic: 'orders', value: { id: 1 } });
      // @ts-expect-error a reader needs a decoder
      client.consumer({ partitions: [], value: { encode: () => null } });
      // @ts-expect-error either a group or partitions
      client.consumer({ value: text });
    };
    expect(wrong).toBeInstanceOf(Function);
  });

  afterAll(() => client.close());
});
