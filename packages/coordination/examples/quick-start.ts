import {
  type Claim,
  type GroupMembership,
  memoryRegistry,
  paths,
  registryGroups,
  topicNode,
} from '@millrace/coordination';

/** Waits until a member holds so many partitions. */
async function claimsOf(member: GroupMembership, count: number): Promise<readonly Claim[]> {
  for await (const claims of member.claims) if (claims.length === count) return claims;
  return [];
}

const registry = memoryRegistry();
const session = registry.session();
const orders = { id: 'topic-1', name: 'orders', replicas: [[1], [1]], config: {}, writer: 'me' };
await session.create(paths.topic('orders'), topicNode.encode(orders));

// Two members share the partitions; each would run in a process of its own.
const groups = registryGroups(registry.open);
const options = {
  group: 'billing',
  topics: ['orders'],
  // Everything below 42 was processed when a partition has to go.
  onRevoke: async (claims: readonly Claim[]) => claims.map(() => 42),
};
const ann = await groups.join(options);
console.log((await claimsOf(ann, 2)).map(({ offset }) => offset)); // → [ undefined, undefined ]

const bob = await groups.join(options);
console.log((await claimsOf(bob, 1)).map(({ offset }) => offset)); // → [ 42 ]

await ann.leave();
const [first, second] = await claimsOf(bob, 2);
console.log(first?.partition, second?.partition); // → 0 1

if (first !== undefined) console.log(await bob.commit([{ claim: first, offset: 50 }])); // → [ 'committed' ]
await bob.leave();
await session.close();
