import { apis } from '../apis/index.ts';
import type { ApiName } from '../broker-api.ts';
import { msgpackCodec } from './msgpack-codec.ts';
import { messageShapeOf, type Shape } from './shape.ts';

// What is on the wire must stay: only append, and only what is optional. A change here that is not an addition at the end
// of a line breaks every peer.

function form(shape: Shape): string {
  switch (shape.kind) {
    case 'object':
      return `[${shape.fields.map(({ name, optional, shape: field }) => `${name}${optional ? '?' : ''} ${form(field)}`).join(', ')}]`;
    case 'list':
      return `list of ${form(shape.item)}`;
    case 'choice':
      return shape.names.join('|');
    case 'integer':
      return shape.least === 0 ? 'natural' : 'integer';
    case 'text':
    case 'flag':
    case 'errorCode':
    case 'batches':
      return shape.kind;
  }
}

describe('the form of messages', () => {
  it('has its APIs and fields in this order', () => {
    const names = Object.keys(apis) as ApiName[];
    const forms = names.map(
      (api, place) =>
        `${place} ${api} ${form(messageShapeOf(apis[api].request))} → ${form(messageShapeOf(apis[api].response))}`,
    );
    expect(forms.join('\n')).toMatchSnapshot();
  });

  it('has these bytes', () => {
    const client = msgpackCodec().client({ clientId: 'me' });
    const bytes = Buffer.concat([
      ...client.hello(),
      ...client.encode({
        correlation: 300,
        api: 'produce',
        request: {
          acks: 'all',
          timeoutMs: 30_000,
          partitions: [{ topic: 'logs', partition: 2, batches: Buffer.from('BATCH') }],
        },
      }),
    ]);
    expect(
      bytes
        .toString('hex')
        .replace(/(.{8})/g, '$1 ')
        .trim(),
    ).toBe(
      '00000013 0000000f 94a86d69 6c6c7261 63650101 a26d6500 00001b00 00001295 cd012c00 02cd7530 9193a46c 6f677302 05424154 4348',
    );
  });
});
