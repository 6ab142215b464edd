import type { ExplainedCode } from './error-codes.ts';
import type { Explanation } from './explanation.ts';

/** Who leads what. Most of it passes by itself. */
export const clusterExplanations = {
  LEADER_NOT_AVAILABLE: {
    meaning: 'The partition has no leader at the moment, so nobody can read or write it.',
    why: 'The topic was just made, or the broker that leads the partition is starting or gone.',
    cure: 'Wait; if it stays so, see whether all brokers run and what they say on stderr.',
    retry: 'Yes. Clients do so by themselves.',
    from: 'Reading and writing.',
  },
  NOT_LEADER_OR_FOLLOWER: {
    meaning: 'The broker that was asked does not lead the partition.',
    why: 'Leadership has moved, or the broker is just starting or stopping.',
    cure: 'Nothing: clients ask anew who leads.',
    retry: 'Yes. Clients do so by themselves.',
    from: 'Reading and writing.',
  },
  FENCED_LEADER_EPOCH: {
    meaning: 'The client knew an older leader of the partition.',
    why: 'The partition has a new leader, or its leader was started again.',
    cure: 'Nothing: clients ask anew who leads.',
    retry: 'Yes. Clients do so by themselves.',
    from: 'Reading and writing.',
  },
  UNKNOWN_LEADER_EPOCH: {
    meaning: 'The client knows a newer leader of the partition than the broker that was asked.',
    why: 'The broker has not heard of the change yet.',
    cure: 'Nothing: it passes in a moment.',
    retry: 'Yes. Clients do so by themselves.',
    from: 'Reading and writing.',
  },
  NOT_CONTROLLER: {
    meaning: 'Another broker is the one that decides.',
    why: 'The office of controller has moved.',
    cure: 'Nothing: clients ask anew who has it.',
    retry: 'Yes. Clients do so by themselves.',
    from: 'Making, changing and removing topics.',
  },
  COORDINATOR_NOT_AVAILABLE: {
    meaning: 'The broker cannot reach its registry at the moment, where topics and groups are kept.',
    why: 'The session with the registry was lost, or the broker is starting or stopping.',
    cure: 'Wait; if it stays so, look at what the broker says on stderr, and at its disk.',
    retry: 'Yes. Read back first whether a change was made.',
    from: 'Making, changing and removing topics.',
  },
  NOT_ENOUGH_REPLICAS: {
    meaning: 'Too few copies of the partition are up to date to take records with acks all.',
    why: 'Brokers that hold a replica are down or behind.',
    cure: 'Bring them back.',
    retry: 'Yes; nothing was written.',
    from: 'producer.send with acks all.',
  },
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: {
    meaning: 'The records were written, but then too few copies of the partition were up to date.',
    why: 'A broker that holds a replica went down in between.',
    cure: 'Bring it back; the records may be kept or lost.',
    retry: 'Yes; an idempotent producer (acks all) writes nothing twice.',
    from: 'No call to a broker of this version; clients understand it from others.',
  },
  EPOCH_WENT_BACK: {
    meaning: 'The records of a partition are newer than what the registry knows of it.',
    why: 'The registry was lost or restored from an older copy.',
    cure: 'The records are kept as they are, and not served. Restore the registry that belongs to them.',
    retry: 'No.',
    from: 'The broker’s own log, when it takes a partition over.',
  },
} satisfies { readonly [Code in ExplainedCode]?: Explanation };
