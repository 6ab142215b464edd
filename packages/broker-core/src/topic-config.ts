import { defaultLogOptions, type LogOptions } from '@millrace/log';
import { closestName } from './closest-name.ts';
import { apiError } from './errors.ts';

/** What holds for the logs of a topic. */
export type TopicSettings = Required<
  Pick<LogOptions, 'segmentBytes' | 'indexIntervalBytes' | 'maxBatchBytes' | 'flush'>
>;

/** What a broker's logs have by default. */
export type LogDefaults = Omit<LogOptions, 'identity'>;

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

interface Definition {
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly documentation: string;
  readonly get: (options: LogOptions) => number | undefined;
  readonly set: (value: number) => Partial<TopicSettings>;
}

const largest = 2 ** 31 - 1;

/** Every name that is acted upon, and no other: Kafka's names, all of them whole numbers. */
export const definitions: readonly Definition[] = [
  {
    name: 'segment.bytes',
    minimum: 1024,
    maximum: largest,
    documentation: 'a new segment file is begun beyond this size',
    get: ({ segmentBytes }) => segmentBytes,
    set: (segmentBytes) => ({ segmentBytes }),
  },
  {
    name: 'index.interval.bytes',
    minimum: 1,
    maximum: largest,
    documentation: 'the offset index gets an entry every so many bytes',
    get: ({ indexIntervalBytes }) => indexIntervalBytes,
    set: (indexIntervalBytes) => ({ indexIntervalBytes }),
  },
  {
    name: 'max.message.bytes',
    minimum: 1024,
    maximum: 100 * 1024 * 1024,
    documentation: 'the largest record batch that is taken',
    get: ({ maxBatchBytes }) => maxBatchBytes,
    set: (maxBatchBytes) => ({ maxBatchBytes }),
  },
  {
    name: 'flush.ms',
    minimum: 0,
    maximum: largest,
    documentation: 'how long a flush that nobody waits for may be put off, in ms',
    get: ({ flush }) => flush?.everyMs,
    set: (everyMs) => ({ flush: { everyMs } }),
  },
];

const names = definitions.map(({ name }) => name);

/** INVALID_CONFIG for a name that is not known (with the closest one that is) or a value out of bounds. */
export function checkTopicConfig(config: TopicConfig): void {
  for (const [name, value] of Object.entries(config)) parse(definitionOf(name), value);
}

/** The topic's own entries over the broker's over the built-in ones. */
export function topicSettings(config: TopicConfig, brokerOptions: LogDefaults): TopicSettings {
  const settings: TopicSettings = { ...defaultLogOptions, ...brokerOptions };
  for (const definition of definitions) {
    const value = config[definition.name];
    if (value !== undefined) Object.assign(settings, definition.set(parse(definition, value)));
  }
  return settings;
}

/** Every name with the value that holds and where it comes from; `only`: these names. */
export function describeTopicConfig(
  config: TopicConfig,
  brokerOptions: LogDefaults,
  only?: readonly string[],
): ConfigEntry[] {
  return definitions
    .filter(({ name }) => only === undefined || only.includes(name))
    .map(({ name, documentation, get }) => {
      const own = config[name];
      if (own !== undefined) return { name, value: own, source: 'topic', documentation };
      const ofBroker = get(brokerOptions);
      if (ofBroker !== undefined) return { name, value: String(ofBroker), source: 'broker', documentation };
      return { name, value: String(get(defaultLogOptions)), source: 'default', documentation };
    });
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
    else changed.set(name, String(parse(definition, value)));
  }
  return Object.fromEntries(changed);
}

function definitionOf(name: string): Definition {
  const definition = definitions.find((each) => each.name === name);
  if (definition !== undefined) return definition;
  const closest = closestName(name, names);
  throw apiError(
    'INVALID_CONFIG',
    `there is no topic configuration '${name}'`,
    closest === undefined ? `known are ${names.join(', ')}` : `did you mean '${closest}'?`,
  );
}

function parse({ name, minimum, maximum }: Definition, value: string): number {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= minimum && number <= maximum) return number;
  throw apiError(
    'INVALID_CONFIG',
    `${name} is '${value}'; it takes a whole number from ${minimum} to ${maximum}`,
  );
}
