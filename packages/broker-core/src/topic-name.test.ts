import { checkTopicName } from './topic-name.ts';

describe('topic name', () => {
  it.each(['orders', 'Orders.2024_v1-a', '__offsets', 'a'.repeat(249)])('may be %s', (name) => {
    expect(() => checkTopicName(name)).not.toThrow();
  });

  it.each(['', '.', '..', '../x', 'a/b', 'a b', 'grün', 'a\0b', 'a\nb', 'a'.repeat(250), 'C:\\x'])(
    'cannot be %j',
    (name) => {
      expect(() => checkTopicName(name)).toThrow(
        expect.objectContaining({ code: 'INVALID_TOPIC_EXCEPTION' }),
      );
    },
  );
});
