import { resolve } from 'node:path';
import { topicDefaults } from '@millrace/broker';
import { version } from '../version.ts';
import { defaultBrokerAddress } from './broker-addresses.ts';
import { counted } from './figures.ts';
import { defaultKafkaAddress } from './kafka-door.ts';

export interface BannerFacts {
  /** Since the process began. */
  readonly readyMs: number;
  readonly address: string;
  /** Where clients are told it is, if that differs. */
  readonly told?: string;
  /** For Kafka's clients; without an address where somebody else has the default port. */
  readonly kafka?: { readonly address: string | undefined; readonly told: string | undefined };
  /** Where Prometheus fetches. */
  readonly metrics?: string;
  /** None: it is alone. */
  readonly cluster?: { readonly zookeeper: string; readonly nodeId: number; readonly brokers: number };
  readonly directory: string;
  readonly durability: 'flushed' | 'process';
  readonly pid: number;
}

const acknowledgements = {
  flushed: 'flushed to disk: what was acknowledged survives kill -9 and a power cut',
  process: 'in the page cache: what was acknowledged survives kill -9, not a power cut',
} as const;

const dayMs = 24 * 60 * 60 * 1000;

/** What a broker says when it is ready, on one screen. */
export function banner(facts: BannerFacts): string {
  const { readyMs, address, told, kafka, metrics, cluster, directory, durability, pid } = facts;
  const broker = address === defaultBrokerAddress ? '' : ` --broker ${address}`;
  return `millrace ${version} · ready in ${Math.round(readyMs)} ms · pid ${pid}
  Address          ${whereabouts(address, told)}
${kafka === undefined ? '' : kafkaLine(kafka)}${metrics === undefined ? '' : `  Metrics          ${metrics}\n`}${cluster === undefined ? '' : clusterLine(cluster)}  Data             ${resolve(directory)}
  Acknowledgement  ${acknowledgements[durability]}
  Retention        ${topicDefaults.retentionMs / dayMs} days, unless the topic says otherwise (retention.ms)
Next:  npx millrace produce logs 'hello'${broker}
       npx millrace consume logs${broker}
`;
}

function kafkaLine({ address, told }: NonNullable<BannerFacts['kafka']>): string {
  const said =
    address === undefined
      ? `none: ${defaultKafkaAddress} is in use (--kafka host:port takes another)`
      : whereabouts(address, told);
  return `  Kafka clients    ${said}\n`;
}

function whereabouts(address: string, told: string | undefined): string {
  return told === undefined || told === address ? address : `${address}, for others ${told}`;
}

function clusterLine({ zookeeper, nodeId, brokers }: NonNullable<BannerFacts['cluster']>): string {
  const size = `broker ${nodeId}, ${counted(brokers, 'broker')} live`;
  return `  Cluster          ${size}, ZooKeeper ${zookeeper}\n`;
}
