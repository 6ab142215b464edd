import type { RequestOf, ResponseOf } from '@millrace/protocol';
import { apiError, failureFrom } from '../errors.ts';
import type { MetadataView } from '../metadata-view.ts';
import { describeTopicConfig } from '../topic-config.ts';
import type { LogDefaults } from '../topic-config-definitions.ts';

export interface DescribeConfigsHandlerOptions {
  readonly nodeId: number;
  readonly view: MetadataView;
  readonly logOptions: LogDefaults;
}

type Resource = RequestOf<'describeConfigs'>['resources'][number];
type ResourceAnswer = ResponseOf<'describeConfigs'>['resources'][number];

/** A topic: what holds for its logs. A broker (by its own id): what holds for topics that say nothing else. */
export function describeConfigsHandler(options: DescribeConfigsHandlerOptions) {
  return ({ resources }: RequestOf<'describeConfigs'>): Promise<ResponseOf<'describeConfigs'>> =>
    Promise.resolve({ resources: described(options, resources) });
}

/** In the order asked. What is named twice is described once: a few bytes more must not cost a description each. */
function described(options: DescribeConfigsHandlerOptions, resources: readonly Resource[]): ResourceAnswer[] {
  const seen = new Set<string>();
  return resources.map((resource) => {
    const { type, name } = resource;
    const key = `${type} ${name}`;
    if (seen.has(key))
      return {
        type,
        name,
        error: 'INVALID_REQUEST',
        message: `${type} '${name}' is named twice`,
        entries: [],
      };
    seen.add(key);
    return answer(options, resource);
  });
}

function answer(options: DescribeConfigsHandlerOptions, resource: Resource): ResourceAnswer {
  const { type, name } = resource;
  try {
    const entries = type === 'topic' ? ofTopic(options, resource) : ofBroker(options, resource);
    return { type, name, error: 'NONE', entries };
  } catch (error) {
    return { type, name, ...failureFrom(error), entries: [] };
  }
}

function ofTopic({ view, logOptions }: DescribeConfigsHandlerOptions, { name, names }: Resource) {
  const topic = view.topic(name);
  if (topic === undefined) throw apiError('UNKNOWN_TOPIC_OR_PARTITION', `there is no topic '${name}'`);
  return describeTopicConfig(topic.node.config, logOptions, names);
}

function ofBroker({ nodeId, logOptions }: DescribeConfigsHandlerOptions, { name, names }: Resource) {
  if (name !== String(nodeId)) {
    throw apiError('INVALID_REQUEST', `this is broker ${nodeId}, which cannot answer for broker '${name}'`);
  }
  return describeTopicConfig({}, logOptions, names).map((entry) => ({ ...entry, readOnly: true }));
}
