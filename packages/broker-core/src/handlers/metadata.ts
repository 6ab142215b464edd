import type { CallContext, Endpoint, RequestOf, ResponseOf } from '@millrace/protocol';
import { codeOf } from '@millrace/runtime';
import { type Failure, failureFrom } from '../errors.ts';
import type { BrokerView, MetadataView, TopicView } from '../metadata-view.ts';
import type { TopicCreator } from '../topic-creator.ts';

export interface MetadataHandlerOptions {
  readonly nodeId: number;
  readonly view: MetadataView;
  readonly creator: TopicCreator;
  /** What a topic gets that is made by being asked for; false: none is. */
  readonly autoCreateTopics: { readonly partitions: number; readonly replicas: number } | false;
}

type MetadataResponse = ResponseOf<'metadata'>;
type TopicAnswer = MetadataResponse['topics'][number];

/** How long an answer waits for a topic that is made by being asked for. */
const autoCreateMs = 5_000;
/** The address of a broker that is reached by function calls. */
const inProcess: Endpoint = { host: 'in-process', port: 0 };

/**
 * Answers from what the registry last said, with the addresses of the door the question came through. A topic that is
 * named twice is told of once.
 */
export function metadataHandler(options: MetadataHandlerOptions) {
  const { view, nodeId } = options;
  let lastSeen: readonly BrokerView[] = [];
  /** A broker that leaves still answers for a moment, and Kafka's clients give up for good where there is no broker at all. */
  const brokers = (): readonly BrokerView[] => {
    if (view.brokers.size > 0) lastSeen = [...view.brokers.values()];
    return lastSeen;
  };
  return async (
    { topics, topicIds = [], allowAutoCreate }: RequestOf<'metadata'>,
    context: CallContext,
  ): Promise<MetadataResponse> => {
    const create = allowAutoCreate === true && options.autoCreateTopics !== false;
    const names = new Set(topics ?? view.topics().map(({ name }) => name));
    const answers = await Promise.all([...names].map((name) => answerTopic(options, name, create)));
    return {
      clusterId: view.clusterId,
      ...(view.controllerId === undefined ? {} : { controllerId: view.controllerId }),
      brokers: brokers().flatMap((broker) => addressOf(broker, nodeId, context)),
      topics: [...answers, ...Array.from(new Set(topicIds), (id) => answerTopicId(view, id))],
    };
  };
}

async function answerTopic(
  options: MetadataHandlerOptions,
  name: string,
  create: boolean,
): Promise<TopicAnswer> {
  const { view } = options;
  const failure = view.topic(name) === undefined && create ? await autoCreate(options, name) : undefined;
  const topic = view.topic(name);
  if (topic !== undefined) return describe(topic);
  const unknown: Failure = { error: 'UNKNOWN_TOPIC_OR_PARTITION', message: `there is no topic '${name}'` };
  return { name, ...(failure ?? unknown), partitions: [] };
}

function answerTopicId(view: MetadataView, topicId: string): TopicAnswer {
  const topic = view.topicById(topicId);
  if (topic !== undefined) return describe(topic);
  const message = `there is no topic of the id ${topicId}`;
  return { name: '', topicId, error: 'UNKNOWN_TOPIC_ID', message, partitions: [] };
}

/** Why the topic could not be made; nothing when it is there now, whoever made it. */
async function autoCreate(
  { creator, autoCreateTopics }: MetadataHandlerOptions,
  name: string,
): Promise<Failure | undefined> {
  if (autoCreateTopics === false) return undefined;
  try {
    await creator.create({ name, ...autoCreateTopics, config: {} }, autoCreateMs);
    return undefined;
  } catch (error) {
    if (codeOf(error) !== 'TOPIC_ALREADY_EXISTS') return failureFrom(error);
  }
  return (await creator.untilServed(name, autoCreateMs)) ? undefined : stillUnseen(name);
}

function stillUnseen(name: string): Failure {
  return { error: 'LEADER_NOT_AVAILABLE', message: `topic '${name}' is being made` };
}

function describe(topic: TopicView): TopicAnswer {
  return {
    name: topic.name,
    error: 'NONE',
    topicId: topic.id,
    partitions: topic.partitions.map((state, partition) => ({
      partition,
      error: state?.leader === undefined ? 'LEADER_NOT_AVAILABLE' : 'NONE',
      ...(state?.leader === undefined ? {} : { leader: state.leader }),
      ...(state === undefined ? {} : { leaderEpoch: state.leaderEpoch }),
      replicas: [...(topic.node.replicas[partition] ?? [])],
      inSyncReplicas: (state?.inSync ?? []).map(({ nodeId }) => nodeId),
      ...(state?.since === undefined ? {} : { since: state.since }),
    })),
  };
}

/** Nothing for a broker that has no such door. One that listens everywhere and says no more is where the client found it. */
function addressOf(
  { node, incarnation }: BrokerView,
  ownId: number,
  { listener, localAddress }: CallContext,
): MetadataResponse['brokers'] {
  const { nodeId, endpoints, since } = node;
  const life = { incarnation, ...(since === undefined ? {} : { since }) };
  const registered = endpoints[listener];
  const isVague = registered === undefined || registered.host === '0.0.0.0' || registered.host === '::';
  const endpoint = nodeId === ownId && isVague ? (localAddress ?? registered) : registered;
  if (endpoint !== undefined) return [{ nodeId, host: endpoint.host, port: endpoint.port, ...life }];
  return localAddress === undefined ? [{ nodeId, ...inProcess, ...life }] : [];
}
