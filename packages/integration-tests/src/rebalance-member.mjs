// A member of a group, in a process of its own, with what is built: it tells its claims and every record on stdout.
// node rebalance-member.mjs <broker,broker> <host:port/path of the ZooKeeper> <group> <topic>
// `hold` on stdin: it goes on with the next record only after a moment, and says so; `leave`: it closes and ends.
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { registryGroups, stickyAssignor } from '@millrace/coordination';
import { zookeeperRegistry } from '@millrace/coordination/zookeeper';
import { connect } from 'millrace';

const [, , brokers, zookeeper, group, topic] = process.argv;
const commitEvery = 20;
const holdMs = 300;

const registry = zookeeperRegistry({ connect: zookeeper });
const client = connect(brokers, { registry });
/** By partition: the claim that records come under at this moment. */
const held = new Map();
let holds = false;

/** ms of a clock that all processes of this machine share. */
function now() {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

function tell(event) {
  process.stdout.write(`${JSON.stringify({ at: now(), ...event })}\n`);
}

/** The registry's groups, telling what is claimed. */
const backend = {
  async join(options) {
    const membership = await registryGroups(registry).join(options);
    return {
      memberId: membership.memberId,
      claims: tellClaims(membership),
      commit: (processed) => membership.commit(processed),
      holds: (claim) => membership.holds(claim),
      leave: () => membership.leave(),
    };
  },
};

async function* tellClaims({ memberId, claims }) {
  for await (const current of claims) {
    held.clear();
    for (const claim of current) held.set(claim.partition, { member: memberId, ...named(claim) });
    tell({ kind: 'claims', member: memberId, claims: current.map(named) });
    yield current;
  }
}

function named({ partition, generation, claim, offset }) {
  return { partition, generation, claim, start: offset ?? 0 };
}

const consumer = client.consumer({
  group,
  topics: [topic],
  backend,
  assignor: stickyAssignor,
  autoCommitMs: false,
});

const orders = createInterface({ input: process.stdin });
orders.on('line', (order) => {
  if (order === 'hold') holds = true;
  if (order === 'leave') orders.close();
});
// Also when who gave the orders has gone.
orders.on('close', () => {
  process.stdin.destroy();
  void consumer.close();
});

let count = 0;
let answered;
for await (const record of consumer) {
  const { partition, offset, value } = record;
  const { member, generation, claim } = held.get(partition) ?? {};
  tell({ kind: 'record', member, generation, claim, partition, offset, value: String(value) });
  count += 1;
  if (holds) {
    holds = false;
    tell({ kind: 'holds', partition, offset });
    await pause(holdMs);
    // Meanwhile it goes on, as far as it may.
    answered = commit(record, true);
  } else if (count % commitEvery === 0) await commit(record);
}
await client.close();
await answered;
tell({ kind: 'left' });

/** Of what was held, until it is known what came of it. */
async function commit(record, isHeld = false) {
  const { partition, offset } = record;
  for (;;) {
    try {
      await consumer.commit(record);
      tell({ kind: 'committed', partition, offset });
      return;
    } catch (error) {
      if (isHeld && error.code === 'REQUEST_TIMED_OUT') {
        await pause(20);
        continue;
      }
      tell({ kind: 'refused', partition, offset, code: error.code ?? String(error) });
      return;
    }
  }
}
