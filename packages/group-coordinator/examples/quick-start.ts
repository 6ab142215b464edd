import { groupCoordinator, memoryOffsetStore } from '@millrace/group-coordinator';

// A broker hands in its own metadata and a log that survives it; here both live in memory.
const coordinator = groupCoordinator({
  nodeId: 1,
  store: memoryOffsetStore(),
  metadata: async () => ({
    clusterId: 'example',
    brokers: [{ nodeId: 1, host: '127.0.0.1', port: 9092 }],
    topics: [],
  }),
});
const { api } = coordinator;
const alive = setInterval(() => {}, 1_000); // a coordinator does not keep its process alive, a broker's ports do
const context = {
  signal: new AbortController().signal,
  clientId: 'reader',
  connectionId: 1,
  listener: 'kafka',
};

const group = { groupId: 'readers', protocolType: 'consumer' };
const member = await api.joinGroup(
  {
    ...group,
    memberId: '',
    protocols: [{ name: 'range', metadata: Buffer.from('logs') }],
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
  },
  context,
);
console.log(member.error, member.generation, member.members.length); // → NONE 1 1

const { memberId, generation = 0 } = member;
const assignments = [{ memberId, assignment: Buffer.from('logs-0') }];
const share = await api.syncGroup({ groupId: 'readers', memberId, generation, assignments }, context);
console.log(String(share.assignment)); // → logs-0

const partitions = [{ topic: 'logs', partition: 0, offset: 42 }];
await api.offsetCommit({ groupId: 'readers', memberId, generation, partitions }, context);
const { groups } = await api.offsetFetch({ groups: [{ groupId: 'readers' }] }, context);
console.log(groups[0]?.partitions[0]?.offset); // → 42

// Who acts under a generation that is over is refused.
const old = { groupId: 'readers', memberId, generation: generation - 1 };
console.log((await api.heartbeat(old, context)).error); // → ILLEGAL_GENERATION
coordinator.close();
clearInterval(alive);
