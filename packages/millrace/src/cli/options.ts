import { InvalidArgumentError, Option } from 'commander';
import { defaultBrokerAddress } from './broker-addresses.ts';

/** Of every verb that talks to a broker. */
export function brokerOption(): Option {
  return new Option(
    '--broker <host:port,…>',
    `where to begin (default: $MILLRACE_BROKER, else ${defaultBrokerAddress})`,
  );
}

/** Of verbs that find the brokers, or the groups, where they meet. */
export function zookeeperOption(): Option {
  return new Option(
    '--zookeeper <host:port,…/path>',
    'where the brokers of a cluster meet (default: $MILLRACE_ZOOKEEPER)',
  );
}

/** Of every verb. */
export function debugOption(): Option {
  return new Option('--debug', 'say where an error comes from (also MILLRACE_DEBUG=1)');
}

/** `--config name=value`, repeated: one object over all. */
export function configOption(): Option {
  return new Option('--config <name=value>', 'such as segment.bytes=1048576; may be repeated').argParser(
    assignment,
  );
}

/** 0, 1, 2, … */
export function naturalNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('It takes a whole number.');
}

/** 1, 2, 3, … */
export function positiveNumber(text: string): number {
  const value = naturalNumber(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('It takes a whole number from 1.');
}

function assignment(text: string, previous: Record<string, string> | undefined): Record<string, string> {
  const position = text.indexOf('=');
  if (position < 1) throw new InvalidArgumentError('It takes name=value.');
  return { ...previous, [text.slice(0, position)]: text.slice(position + 1) };
}
