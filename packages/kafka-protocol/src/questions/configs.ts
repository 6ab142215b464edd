import { describeConfigs } from '../apis/32-describe-configs.ts';
import { numberOf, question } from './question.ts';

const topicType = 2;
const brokerType = 4;
const sourceNumbers = { topic: 1, broker: 4, default: 5 } as const;

/** What Kafka's clients look for and what never changes here. */
const always: readonly (readonly [name: string, value: string])[] = [
  ['compression.type', 'producer'],
  ['message.timestamp.type', 'CreateTime'],
  ['min.insync.replicas', '1'],
  ['preallocate', 'false'],
  ['unclean.leader.election.enable', 'false'],
];

interface Entry {
  readonly name: string;
  readonly value: string;
  readonly source: keyof typeof sourceNumbers;
  readonly readOnly?: boolean | undefined;
  readonly documentation?: string | undefined;
}

function fixedEntries(entries: readonly Entry[], wanted: readonly string[] | null): Entry[] {
  const isWanted = (name: string): boolean => wanted === null || wanted.length === 0 || wanted.includes(name);
  return always
    .filter(([name]) => isWanted(name) && entries.every((entry) => entry.name !== name))
    .map(([name, value]) => ({ name, value, source: 'default', readOnly: true }));
}

export const describeConfigsQuestion = question<typeof describeConfigs, 'describeConfigs'>({
  api: describeConfigs,
  asks: 'describeConfigs',
  ask: ({ resources }) => ({
    resources: resources
      .filter(({ resourceType }) => resourceType === topicType || resourceType === brokerType)
      .map(({ resourceType, resourceName, configNames }) => ({
        type: resourceType === topicType ? 'topic' : 'broker',
        name: resourceName,
        ...(configNames === null || configNames.length === 0 ? {} : { names: [...configNames] }),
      })),
  }),
  fail: ({ resources }, failure) => ({
    resources: resources.map(({ type, name }) => ({ type, name, ...failure, entries: [] })),
  }),
  answer: ({ resources }, request) => {
    let next = 0;
    return {
      throttleTimeMs: 0,
      resources: request.resources.map(({ resourceType, resourceName, configNames }) => {
        const isKnown = resourceType === topicType || resourceType === brokerType;
        const answer = isKnown ? resources[next++] : undefined;
        const { error = 'INVALID_REQUEST', message, entries = [] } = answer ?? {};
        const fixed =
          error === 'NONE' && resourceType === topicType ? fixedEntries(entries, configNames) : [];
        return {
          errorCode: numberOf(error),
          errorMessage: message ?? null,
          resourceType,
          resourceName,
          configs: [...entries, ...fixed].map((entry) => ({
            name: entry.name,
            value: entry.value,
            readOnly: entry.readOnly ?? false,
            source: sourceNumbers[entry.source],
            isSensitive: false,
            configSynonyms: request.includeSynonyms
              ? [{ name: entry.name, value: entry.value, source: sourceNumbers[entry.source] }]
              : [],
            documentation: request.includeDocumentation ? (entry.documentation ?? null) : null,
          })),
        };
      }),
    };
  },
});
