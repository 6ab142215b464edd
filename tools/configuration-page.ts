import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { brokerDefaults, listenerDefaults } from '../packages/broker/src/config.ts';
import { type ConfigJsonSchema, configJsonSchema } from '../packages/broker/src/config-json-schema.ts';
import { configWords } from '../packages/broker/src/config-words.ts';
import { describeTopicConfig } from '../packages/broker-core/src/topic-config.ts';
import { definitions, topicDefaults } from '../packages/broker-core/src/topic-config-definitions.ts';
import { processIo } from '../packages/millrace/src/cli/io.ts';
import { createProgram } from '../packages/millrace/src/cli/program.ts';

/** Where the page lies, below the clone. */
export const configurationPagePath = 'docs/configuration.md';
/** What makes it anew. */
const configurationPageCommand = 'npx tsx --conditions=@millrace/source tools/configuration-page.ts';

type Defaults = { readonly [name: string]: unknown };

/** The objects of the configuration: how it is called, its words, its defaults and the way to its schema. */
const places: readonly {
  readonly place: keyof typeof configWords;
  readonly title: string;
  readonly defaults: Defaults;
}[] = [
  { place: '', title: '`startBroker({ … })`', defaults: brokerDefaults },
  { place: 'listeners', title: 'Each of `listeners`', defaults: listenerDefaults },
  { place: 'listeners.advertised', title: '`listeners.advertised`', defaults: {} },
  { place: 'autoCreateTopics', title: '`autoCreateTopics`', defaults: brokerDefaults.autoCreateTopics },
  { place: 'log', title: '`log`', defaults: topicDefaults },
  { place: 'log.flush', title: '`log.flush`', defaults: { ...topicDefaults.flush } },
];

/** `docs/configuration.md`: every option with its type, bounds and default, taken from what the program itself uses. */
export function configurationPage(): string {
  return `# Configuration

There are three places: the options of a broker, given to \`startBroker\`; the options of \`millrace start\`, which are the most used of these;
and the configuration of a topic, which can be changed while the broker runs. An option that does not exist or a value that makes no sense is
refused with \`INVALID_CONFIG\` (on the command line with \`USAGE\` or \`INVALID_CONFIG\` and exit code 2), and nothing is started or changed.

This page is made by \`${configurationPageCommand}\`
from the schema that checks the options.

## A broker

${places.map(section).join('\n')}
A mistake says which option, what it is and what it must be, and names the closest option when there is none of that name:

\`\`\`js
await startBroker({ dataDir: './data' });                 // INVALID_CONFIG: there is no option 'dataDir'; hint: did you mean 'dataDirectory'?
await startBroker({ listeners: [{ port: 70000 }] });      // INVALID_CONFIG: listeners[0].port is 70000, but must be a whole number from 0 to 65535
\`\`\`

## \`millrace start\`

${startOptions()}
Verbs that talk to a broker find it by \`--broker\`, else by the environment variable \`MILLRACE_BROKER\`, else at the default of \`--listen\`.
With \`--zookeeper\`, or \`MILLRACE_ZOOKEEPER\` where \`--broker\` is not given, they begin with the brokers that are registered there, and find groups there.
\`MILLRACE_DEBUG=1\` is \`--debug\` for every verb. \`millrace VERB --help\` lists the options of each.

## A topic

${topicConfigs()}
\`\`\`sh
millrace topic create orders --partitions 3 --config segment.bytes=1048576
millrace topic alter orders --config retention.ms=86400000 --config max.message.bytes=2097152
millrace topic alter orders --delete-config segment.bytes
millrace topic describe orders
\`\`\`

\`describe\` says of each value whether it is the topic's own (\`topic\`), the broker's \`log\` (\`broker\`) or built in (\`default\`). A change holds for the
open logs at once, without a restart: retention looks at least every five minutes, and with \`retention.bytes\` a second after a segment was sealed;
compaction fifteen seconds after one was sealed or the configuration changed. In a program, \`client.createTopic(name, { partitions, config })\` takes
the same names. Names that Kafka has and nothing here would act upon are refused.
`;
}

function section({ place, title, defaults }: (typeof places)[number]): string {
  const words: { readonly [name: string]: string } = configWords[place];
  const { properties = {} } = schemaAt(place);
  const missing = Object.keys(words).filter((name) => !Object.hasOwn(properties, name));
  if (missing.length > 0) throw new Error(`the schema of '${place}' does not know ${missing.join(', ')}`);
  const rows = Object.entries(properties).map(([name, schema]) => {
    const meaning = words[name];
    if (meaning === undefined) throw new Error(`no words say what '${name}' of '${place}' means`);
    return [`\`${name}\``, typeOf(place, name, schema), shown(defaults[name]), meaning];
  });
  return `### ${title}\n\n${table(['option', 'value', 'default', 'what it means'], rows)}`;
}

/** Of the object at a place in the configuration. */
function schemaAt(place: string): ConfigJsonSchema {
  const whole = configJsonSchema();
  const names = place === '' ? [] : place.split('.');
  return names.reduce((schema, name) => objectIn(schema.properties?.[name] ?? {}), whole);
}

/** The object in a list, or among what may be there instead. */
function objectIn(schema: ConfigJsonSchema): ConfigJsonSchema {
  if (schema.items !== undefined) return schema.items;
  return schema.anyOf?.find(({ properties }) => properties !== undefined) ?? schema;
}

function typeOf(place: string, name: string, schema: ConfigJsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => typeOf(place, name, one)).join(' or ');
  if ('const' in schema) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`'${value}'\``).join(' or ');
  if (schema.type === 'integer') return range(schema.minimum, schema.maximum);
  if (schema.type === 'number') return `number, ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'string') return schema.minLength === undefined ? 'text' : 'text, not empty';
  if (schema.type === 'boolean') return '`true` or `false`';
  if (schema.type === 'array') return `a list, [see below](#each-of-${name.toLowerCase()})`;
  if (schema.type === 'object') return `an object, [see below](#${`${place}${name}`.toLowerCase()})`;
  return 'a part of a program';
}

function range(minimum: number | undefined, maximum: number | undefined): string {
  return minimum === maximum ? `${minimum}` : `whole number, ${minimum} to ${maximum}`;
}

/** As it would be written in a program. */
function shown(value: unknown): string {
  return value === undefined ? 'none' : `\`${inspect(value)}\``;
}

function startOptions(): string {
  const program = createProgram({ ...processIo(), ancestors: () => [] }, false, () => {});
  const start = program.commands.find((command) => command.name() === 'start');
  const rows = (start?.options ?? []).map(({ flags, argChoices, defaultValue, description }) => [
    `\`${flags}\``,
    (argChoices ?? []).map((choice) => `\`${choice}\``).join(' or '),
    defaultValue === undefined ? 'off' : `\`${String(defaultValue)}\``,
    description,
  ]);
  return table(['option', 'one of', 'default', 'what it means'], rows);
}

function topicConfigs(): string {
  const defaults = new Map(describeTopicConfig({}, {}).map(({ name, value }) => [name, value]));
  const rows = definitions.map(({ name, takes, documentation }) => [
    `\`${name}\``,
    takes,
    `\`${defaults.get(name)}\``,
    documentation,
  ]);
  return table(['configuration', 'value', 'default', 'what it means'], rows);
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return `${line(headings)}|${headings.map(() => '---|').join('')}\n${rows.map(line).join('')}`;
}

const [, script] = process.argv;
if (script?.endsWith('configuration-page.ts'))
  writeFileSync(join(dirname(script), '..', configurationPagePath), configurationPage());
