import { registryConformance } from '@millrace/coordination/testing';
import { describeWithZookeeper, ZookeeperServer } from './zookeeper-server.ts';
import { expireSession, Sessions } from './zookeeper-sessions.ts';

describeWithZookeeper('zookeeperRegistry', () => {
  let server: ZookeeperServer;
  const sessions = new Sessions();
  let tests = 0;

  beforeAll(async () => {
    server = await ZookeeperServer.start();
  });
  afterEach(() => sessions.close());
  afterAll(() => server?.stop());

  /** A tree of its own for each test. */
  const freshTree = (): string => `${server.address}/tests/${++tests}`;

  registryConformance({
    test: it,
    create: async () => {
      const address = freshTree();
      return {
        open: sessions.at(address),
        expire: (session) => expireSession(session, address),
        close: () => sessions.close(),
      };
    },
  });
});
