import { type Assignor, rangeAssignor, roundRobinAssignor, stickyAssignor } from '@millrace/coordination';

/** Under the names by which Kafka's clients know them; kafkajs has one of its own for dealing in turn. */
const named: readonly (readonly [name: string, assignor: Assignor])[] = [
  ['range', rangeAssignor],
  ['roundrobin', roundRobinAssignor],
  ['RoundRobinAssigner', roundRobinAssignor],
  ['sticky', stickyAssignor],
];
const byDefault: readonly Assignor[] = [rangeAssignor, roundRobinAssignor];
/** One that others do not know: all members of the group have to bring it. */
const ownName = 'millrace';

/**
 * What a member offers to its group, what it likes best first; the coordinator takes one that all members offer. Without
 * a choice these are range and round robin, so that other clients find one that they know.
 */
export function offeredAssignors(chosen?: Assignor): ReadonlyMap<string, Assignor> {
  const wanted = chosen === undefined ? byDefault : [chosen];
  const offered = named.filter(([, assignor]) => wanted.includes(assignor));
  return new Map(offered.length === 0 && chosen !== undefined ? [[ownName, chosen]] : offered);
}
