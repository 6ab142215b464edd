import { Command, Option } from 'commander';
import { version } from '../version.ts';
import { defaultBrokerAddress } from './broker-addresses.ts';
import { addCluster } from './cluster-commands.ts';
import type { ConsumeOptions } from './consume.ts';
import type { ExplainOptions } from './explain.ts';
import { addGroupCommands } from './group-commands.ts';
import type { Io } from './io.ts';
import { defaultKafkaAddress } from './kafka-door.ts';
import { addLogCommands } from './log-commands.ts';
import { brokerOption, debugOption, naturalNumber, zookeeperOption } from './options.ts';
import type { ProduceOptions } from './produce.ts';
import type { BrokerOptions } from './session.ts';
import type { StartOptions } from './start.ts';
import { addTop } from './top-command.ts';
import { addTopicCommands } from './topic-commands.ts';
import type { Finish, VerbContext } from './verb-context.ts';

/** What can be typed. Each verb loads what it needs when it runs, so that the others start fast. */
export function createProgram(io: Io, isDebug: boolean, finish: Finish): Command {
  const context: VerbContext = { io, isDebug };
  const program = configured(new Command('millrace'), io)
    .description('The Kafka that lives in your Node process.')
    .version(version, '-V, --version', 'print the version')
    .helpCommand(false)
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', examples);
  addStart(program, context, finish);
  const topic = program.command('topic').description('make, list, describe, change and remove topics');
  addTopicCommands(topic, context, finish);
  const group = program
    .command('group')
    .description('list and describe groups, put them elsewhere, say why they moved');
  addGroupCommands(group, context, finish);
  addCluster(program, context, finish);
  addTop(program, context, finish);
  addLogCommands(program, context, finish);
  addProduce(program, context, finish);
  addConsume(program, context, finish);
  addExplain(program, context, finish);
  return program;
}

const examples = `
Without a verb, millrace starts a broker. For example:
  millrace                                                    a broker on 127.0.0.1:9292, data in ./millrace-data
  millrace produce orders '{"id":1}'                          a record; without values one a line from stdin
  zcat -f /var/log/dpkg.log* | millrace produce packages
  millrace consume packages --from earliest --to-end          the same lines
  millrace topic describe packages
  millrace top                                                what goes in and out, and who is behind
  millrace explain BROKER_UNREACHABLE                         what an error means, and what to do
  millrace explain retention packages                         when its records leave, and what holds them`;

/** Inherited by the verbs: commander writes help to our streams, throws instead of exiting, and says nothing of errors. */
function configured(command: Command, io: Io): Command {
  return command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    outputError: () => {},
    getOutHelpWidth: () => 110,
    getErrHelpWidth: () => 110,
  });
}

function addStart(program: Command, context: VerbContext, finish: Finish): void {
  program
    .command('start')
    .description('run a broker (what happens without a verb)')
    .option('--dir <directory>', 'where the data lies', './millrace-data')
    .option('--listen <host:port>', 'the address to serve; port 0: any', defaultBrokerAddress)
    .option('--node-id <number>', 'this broker’s number', naturalNumber, 1)
    .addOption(
      new Option(
        '--durability <what>',
        'what an acknowledgement (acks all) waits for: the disk, or this process',
      )
        .choices(['flushed', 'process'])
        .default('flushed'),
    )
    .option(
      '--zookeeper <host:port,…/path>',
      'where it meets the other brokers of its cluster; made when missing',
    )
    .option(
      '--advertise <host:port>',
      'the address that clients and other brokers are told, where --listen is not it',
    )
    .option(
      '--kafka <host:port>',
      `the address for Kafka’s clients; port 0: any (default: ${defaultKafkaAddress}, if it is free)`,
    )
    .option('--no-kafka', 'do not listen for Kafka’s clients')
    .option(
      '--advertise-kafka <host:port>',
      'the address that Kafka’s clients are told, where --kafka is not it',
    )
    .option(
      '--min-free-disk <bytes>',
      'with less room on the disk no records are taken, until there is room',
      naturalNumber,
      100_000_000,
    )
    .option(
      '--metrics <host:port>',
      'the address where Prometheus fetches /metrics; port 0: any (default: none)',
    )
    .addOption(
      new Option('--log-format <how>', 'of what the broker has to say on stderr: for people, or pino’s')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('--insecure', 'listen beyond this machine although there is no authentication')
    .addOption(debugOption())
    .action(async (options: StartOptions) => {
      const { start } = await import('./start.ts');
      finish(await start(options, context));
    });
}

function addProduce(program: Command, context: VerbContext, finish: Finish): void {
  program
    .command('produce')
    .description('write records: the values, or else one a line from stdin')
    .argument('<topic>', 'made with the first record where the broker allows it')
    .argument('[values...]', 'a record each')
    .option('--key-separator <text>', 'what comes before it in a line is the key')
    .option('--partition <number>', 'instead of one chosen by key', naturalNumber)
    .addOption(
      new Option('--acks <whose>', 'wait for nobody, the leader, or every in-sync replica’s disk')
        .choices(['none', 'leader', 'all'])
        .default('all'),
    )
    .addOption(
      new Option('--compression <how>', 'of batches')
        .choices(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
        .default('none'),
    )
    .addOption(brokerOption())
    .addOption(zookeeperOption())
    .addOption(debugOption())
    .action(async (topic: string, values: string[], options: ProduceOptions) => {
      const { produce } = await import('./produce.ts');
      finish(await produce(topic, values, options, context));
    });
}

function addConsume(program: Command, context: VerbContext, finish: Finish): void {
  program
    .command('consume')
    .description('read records: values to stdout, one a line')
    .argument('<topics...>')
    .option(
      '--from <place>',
      'earliest, latest, an offset, or @ and a time (@-15m, @2026-11-20T10:00)',
      'earliest',
    )
    .addOption(
      new Option(
        '--group <name>',
        'share the topics with the other members of a group, and go on where it was',
      ).conflicts('toEnd'),
    )
    .addOption(
      new Option('--assignor <name>', 'how the group shares its partitions out; its leader’s holds')
        .choices(['range', 'round-robin', 'sticky'])
        .default('range'),
    )
    .option('--to-end', 'end where the topics end now, instead of waiting for more')
    .option('--max <number>', 'end after so many records', naturalNumber)
    .option('--json', 'one JSON object a line')
    .addOption(new Option('--format <format>', "such as '%t/%p@%o %k=%s %h\\n'").conflicts('json'))
    .addOption(brokerOption())
    .addOption(zookeeperOption())
    .addOption(debugOption())
    .action(async (topics: string[], options: ConsumeOptions) => {
      const { consume } = await import('./consume.ts');
      finish(await consume(topics, options, context));
    });
}

function addExplain(program: Command, context: VerbContext, finish: Finish): void {
  program
    .command('explain')
    .description(
      'say what the code of an error means, why it comes and what to do; or, with `retention TOPIC`, when records leave and what holds them',
    )
    .argument('[code]', 'without one: all codes')
    .argument('[topic]', 'of `explain retention`')
    .option('--json', 'one JSON object a line; so is the list of all codes when piped')
    .addOption(brokerOption())
    .addOption(zookeeperOption())
    .addOption(debugOption())
    .action(
      async (
        code: string | undefined,
        topic: string | undefined,
        options: ExplainOptions & BrokerOptions,
      ) => {
        if (code === 'retention' && topic !== undefined) {
          const { explainRetention } = await import('./explain-retention.ts');
          finish(await explainRetention(topic, options, context));
          return;
        }
        const { explain } = await import('./explain.ts');
        finish(await explain(code, options, context));
      },
    );
}
