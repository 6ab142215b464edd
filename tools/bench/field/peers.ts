import type { Client, Peer } from './peer.ts';
import { activemq } from './peers/activemq.ts';
import { kafka } from './peers/kafka.ts';
import { millrace, millraceInProcess } from './peers/millrace.ts';
import { nats } from './peers/nats.ts';
import { rabbitmq } from './peers/rabbitmq.ts';
import { redis } from './peers/redis.ts';

export const peers: readonly Peer[] = [millrace, millraceInProcess, kafka, rabbitmq, activemq, nats, redis];

/** `Apache Kafka/kafkajs`: how a load's process is told what it is. */
export function nameOf(peer: Peer, client: Client): string {
  return `${peer.name}/${client.name}`;
}

export function clientNamed(name: string): Client {
  for (const peer of peers)
    for (const client of peer.clients) if (nameOf(peer, client) === name) return client;
  throw new Error(`no peer has a client ${name}`);
}
