import type { RequestOf } from '@millrace/protocol';
import { incrementalAlterConfigs } from '../apis/44-incremental-alter-configs.ts';
import type { KafkaRequest } from '../schema/kafka-api.ts';
import { given, numberOf, question } from './question.ts';

type Resource = KafkaRequest<typeof incrementalAlterConfigs>['resources'][number];
type Altered = RequestOf<'alterConfigs'>['resources'][number];

const types: { readonly [number: number]: Altered['type'] } = { 2: 'topic', 4: 'broker' };
const [set, remove] = [0, 1];

/** undefined for what cannot be altered: other resources, and lists that are added to or taken from. */
function alteration({ resourceType, resourceName, configs }: Resource): Altered | undefined {
  const type = types[resourceType];
  if (type === undefined || configs.some(({ op }) => op !== set && op !== remove)) return undefined;
  const changes = configs.map(({ name, op, value }) => ({
    name,
    ...given('value', op === set ? value : null),
  }));
  return { type, name: resourceName, changes };
}

export const incrementalAlterConfigsQuestion = question<typeof incrementalAlterConfigs, 'alterConfigs'>({
  api: incrementalAlterConfigs,
  asks: 'alterConfigs',
  ask: ({ resources, validateOnly }) => ({
    resources: resources.flatMap((resource) => alteration(resource) ?? []),
    validateOnly,
  }),
  fail: ({ resources }, failure) => ({
    resources: resources.map(({ type, name }) => ({ type, name, ...failure })),
  }),
  answer: ({ resources: answers }, { resources }) => {
    let next = 0;
    return {
      throttleTimeMs: 0,
      resources: resources.map((resource) => {
        const { resourceType, resourceName } = resource;
        const answer = alteration(resource) === undefined ? undefined : answers[next++];
        const message =
          answer === undefined ? 'topics and brokers can be altered, by SET and DELETE' : answer.message;
        return {
          errorCode: numberOf(answer?.error ?? 'INVALID_REQUEST'),
          errorMessage: message ?? null,
          resourceType,
          resourceName,
        };
      }),
    };
  },
});
