/**
 * Spreads the replicas of new partitions over brokers: each goes to the broker that has the fewest so far (of `load`:
 * node id → replicas it holds, one entry for each live broker), and a partition never to the same broker twice. The
 * first of a partition is its preferred leader. At equal load the smaller node id comes first.
 */
export function placeReplicas(
  partitions: number,
  replicas: number,
  load: ReadonlyMap<number, number>,
): number[][] {
  if (replicas > load.size) {
    throw new RangeError(`${replicas} replicas do not fit on ${load.size} brokers`);
  }
  const loads = [...load].map(([nodeId, held]) => ({ nodeId, held }));
  return Array.from({ length: partitions }, () => {
    loads.sort((left, right) => left.held - right.held || left.nodeId - right.nodeId);
    const chosen = loads.slice(0, replicas);
    for (const broker of chosen) broker.held++;
    return chosen.map(({ nodeId }) => nodeId);
  });
}
