import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { startBroker } from '@millrace/broker';
import { nodeWorld } from '@millrace/runtime/node';
import { pino } from 'pino';
import { connect } from '../connect.ts';
import { jsonLogger } from './json-logger.ts';

const linesOf = (stream: PassThrough): { [name: string]: unknown }[] =>
  String(stream.read() ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe('--log-format json', () => {
  it('writes an object a line, with errors whole', () => {
    const stderr = new PassThrough();
    const logger = jsonLogger(stderr, false);

    logger.debug({}, 'of no interest');
    logger.warn({ error: new Error('no'), group: 'g' }, 'a part could not be looked at');

    expect(linesOf(stderr)).toEqual([
      expect.objectContaining({
        level: 'warn',
        name: 'millrace',
        group: 'g',
        msg: 'a part could not be looked at',
        error: expect.objectContaining({ message: 'no', stack: expect.any(String) }),
      }),
    ]);
  });

  it('says everything with --debug', () => {
    const stderr = new PassThrough();

    jsonLogger(stderr, true).debug({ n: 1 }, 'of interest');

    expect(linesOf(stderr)).toMatchObject([{ level: 'debug', n: 1 }]);
  });
});

describe('a pino of the program', () => {
  it('is the logger that broker and clients take, as it is', async () => {
    const stream = new PassThrough();
    const world = { ...nodeWorld, logger: pino({ level: 'warn' }, stream) };
    const broker = await startBroker({}, world);
    const client = connect(broker, {}, world);
    const consumer = client.consumer({ group: 'g', topics: ['nowhere'] });
    const reading = consumer[Symbol.asyncIterator]().next();

    const [line] = await once(stream, 'data');

    expect(JSON.parse(String(line))).toMatchObject({
      topic: 'nowhere',
      msg: 'a consumer waits for a topic that is not there',
    });
    await client.close();
    await reading;
    await broker.stop();
  });
});
