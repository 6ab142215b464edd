const withoutZookeeper = process.env['MILLRACE_WITHOUT_ZOOKEEPER'] === '1';

// `npm test` says above its last line when this could not be compiled here.
const describeWhereCompiled = withoutZookeeper ? describe.skip : describe;

describeWhereCompiled('the npm zookeeper client', () => {
  it('is compiled for this Node', async () => {
    const { default: ZooKeeper } = await import('zookeeper');

    const client = new ZooKeeper({ connect: '127.0.0.1:1', timeout: 5_000 });

    expect(client.client_id).toBeDefined();
  });
});
