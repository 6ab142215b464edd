import { closestName } from './closest-name.ts';
import { apiError } from './errors.ts';
import {
  type Definition,
  definitions,
  type LogDefaults,
  namesOfKafkaAlone,
  type TopicSettings,
  topicDefaults,
} from './topic-config-definitions.ts';

/** A topic's own entries, as its registry node keeps them. */
export interface TopicConfig {
  readonly [name: string]: string;
}

export interface ConfigEntry {
  readonly name: string;
  readonly value: string;
  readonly source: 'topic' | 'broker' | 'default';
  readonly documentation: string;
}

const names = definitions.map(({ name }) => name);

/**
 * The configuration in the one way in which it is written. INVALID_CONFIG for a name that is not known (with the closest
 * one that is) or a value that it does not take.
 */
export function writtenTopicConfig(config: TopicConfig): TopicConfig {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, written(definitionOf(name), value)]),
  );
}

/** The topic's own entries over the broker's over the built-in ones. INVALID_CONFIG for a value that makes no sense. */
export function topicSettings(config: TopicConfig, brokerOptions: LogDefaults): TopicSettings {
  const flush = { ...topicDefaults.flush, ...brokerOptions.flush };
  const ofBroker: TopicSettings = { ...topicDefaults, ...brokerOptions, flush };
  return definitions.reduce((settings, definition) => {
    const value = config[definition.name];
    return value === undefined ? settings : definition.apply(written(definition, value), settings);
  }, ofBroker);
}

/** Every name with the value that holds and where it comes from; `only`: these names. */
export function describeTopicConfig(
  config: TopicConfig,
  brokerOptions: LogDefaults,
  only?: readonly string[],
): ConfigEntry[] {
  return definitions
    .filter(({ name }) => only === undefined || only.includes(name))
    .map((definition) => ({
      name: definition.name,
      ...whatHolds(definition, config, brokerOptions),
      documentation: definition.documentation,
    }));
}

/** The configuration after these changes (no value: back to the default). INVALID_CONFIG. */
export function changeTopicConfig(
  config: TopicConfig,
  changes: readonly { name: string; value?: string | undefined }[],
): TopicConfig {
  const changed = new Map(Object.entries(config));
  for (const { name, value } of changes) {
    const definition = definitionOf(name);
    if (value === undefined) changed.delete(name);
    else changed.set(name, written(definition, value));
  }
  return Object.fromEntries(changed);
}

function whatHolds(
  { name, shownOf }: Definition,
  config: TopicConfig,
  brokerOptions: LogDefaults,
): Pick<ConfigEntry, 'value' | 'source'> {
  const own = config[name];
  if (own !== undefined) return { value: own, source: 'topic' };
  const ofBroker = shownOf(brokerOptions);
  if (ofBroker !== undefined) return { value: ofBroker, source: 'broker' };
  return { value: shownOf(topicDefaults) ?? '', source: 'default' };
}

function definitionOf(name: string): Definition {
  const definition = definitions.find((each) => each.name === name);
  if (definition !== undefined) return definition;
  throw apiError('INVALID_CONFIG', `there is no topic configuration '${name}'`, hintFor(name));
}

function hintFor(name: string): string {
  const known = `known are ${names.join(', ')}`;
  if (namesOfKafkaAlone.has(name)) return `Kafka has it, and this broker would not act upon it; ${known}`;
  const closest = closestName(name, names);
  return closest === undefined ? known : `did you mean '${closest}'?`;
}

function written(definition: Definition, value: string): string {
  const text = definition.written(value);
  if (text !== undefined) return text;
  throw apiError('INVALID_CONFIG', `${definition.name} is '${value}'; it takes ${definition.takes}`);
}
