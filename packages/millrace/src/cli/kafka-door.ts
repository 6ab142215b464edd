import type { ListenerConfig } from '@millrace/broker';
import { CodedError, hasCode } from '@millrace/runtime';
import { formatAddress, parseAddress } from './broker-addresses.ts';
import { cliError } from './errors.ts';

export interface KafkaOptions {
  /** `host:port`; false: none; undefined: the default address, if it is free. */
  readonly kafka?: string | false;
  readonly advertiseKafka?: string;
}

/** The port that Kafka's clients expect. */
export const defaultKafkaAddress = '127.0.0.1:9092';
/** Kafka's clients are told of brokers that have a listener of this name. */
export const kafkaListener = 'kafka';

/** Where Kafka's clients connect, if anywhere. */
export interface KafkaDoor {
  readonly listener: ListenerConfig;
  /** Without this door no broker starts. */
  readonly isAsked: boolean;
}

/** USAGE. */
export async function kafkaDoor({ kafka, advertiseKafka }: KafkaOptions): Promise<KafkaDoor | undefined> {
  if (kafka === false) return undefined;
  const { kafkaCodec } = await import('@millrace/kafka-protocol');
  const address = parseAddress(kafka ?? defaultKafkaAddress, '--kafka');
  const bound = { name: kafkaListener, codec: kafkaCodec(), ...address };
  const isAsked = kafka !== undefined || advertiseKafka !== undefined;
  if (advertiseKafka === undefined) return { listener: bound, isAsked };
  return {
    listener: { ...bound, advertised: advertisedAddress(advertiseKafka, '--advertise-kafka') },
    isAsked,
  };
}

/** USAGE: a port to advertise is one that can be reached. */
export function advertisedAddress(text: string, option: string): { host: string; port: number } {
  const advertised = parseAddress(text, option);
  if (advertised.port > 0) return advertised;
  throw cliError('USAGE', `${option} '${text}' has port 0, which nobody can reach`, {
    hint: 'give a port both to what is advertised and to what is listened on',
  });
}

/** Whether a start failed because somebody else has the door's port. */
export function isTaken(error: unknown, { listener }: KafkaDoor): boolean {
  if (!hasCode(error, 'ADDRESS_IN_USE')) return false;
  const { host, port } = error.details ?? {};
  return host === listener.host && port === listener.port;
}

/** The same failure, with the option that helps. */
export function portTaken(error: unknown, { listener }: KafkaDoor): Error {
  const freePort = error instanceof CodedError ? error.details?.['freePort'] : undefined;
  const { host = '', port = 0 } = listener;
  return new CodedError('ADDRESS_IN_USE', `port ${port} on ${host}, for Kafka's clients, is in use`, {
    hint:
      typeof freePort === 'number'
        ? `${freePort} is free: --kafka ${formatAddress({ host, port: freePort })}; or --no-kafka`
        : 'take another with --kafka host:port, or --no-kafka',
    cause: error,
  });
}
