import type { ApiName, Connection } from '@millrace/protocol';
import { ParkingConnection } from './parking-connection.ts';

/** A connection that notes what it is asked, and can end. */
function noting(name: string, asked: string[]): Connection & { end(): void } {
  let end = (): void => {};
  const closed = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    closed,
    end,
    call: async (api: ApiName) => {
      asked.push(`${name}: ${api}`);
      return {} as never;
    },
    close: async () => end(),
  };
}

describe('a connection on which answers come in order', () => {
  const fetch = { maxWaitMs: 500, minBytes: 1, maxBytes: 1, partitions: [] };
  let asked: string[];
  let opened: ReturnType<typeof noting>[];
  let prompt: ReturnType<typeof noting>;
  let connection: ParkingConnection;
  let failsToOpen: boolean;

  beforeEach(() => {
    asked = [];
    opened = [];
    failsToOpen = false;
    prompt = noting('prompt', asked);
    connection = new ParkingConnection(prompt, async () => {
      if (failsToOpen) throw new Error('refused');
      const another = noting(`parked ${opened.length + 1}`, asked);
      opened.push(another);
      return another;
    });
  });

  it('asks what may be held over another one, opened once, with the first of it', async () => {
    await connection.call('metadata', {});
    expect(opened).toHaveLength(0);

    await Promise.all([connection.call('fetch', fetch), connection.call('fetch', fetch)]);
    await connection.call('metadata', {});

    expect(asked).toEqual(['prompt: metadata', 'parked 1: fetch', 'parked 1: fetch', 'prompt: metadata']);
  });

  it('opens it again where it has ended, and where it could not be opened', async () => {
    await connection.call('fetch', fetch);
    opened[0]?.end();
    await opened[0]?.closed;
    await Promise.resolve();
    failsToOpen = true;
    await expect(connection.call('fetch', fetch)).rejects.toThrow('refused');
    failsToOpen = false;

    await connection.call('fetch', fetch);

    expect(asked.at(-1)).toBe('parked 2: fetch');
  });

  it('closes both, also when the first is ended by the other side', async () => {
    await connection.call('fetch', fetch);

    prompt.end();
    await connection.closed;

    await expect(opened[0]?.closed).resolves.toBeUndefined();
  });
});
