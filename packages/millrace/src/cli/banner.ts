import { resolve } from 'node:path';
import { topicDefaults } from '@millrace/broker';
import { version } from '../version.ts';
import { defaultBrokerAddress } from './broker-addresses.ts';

export interface BannerFacts {
  /** Since the process began. */
  readonly readyMs: number;
  readonly address: string;
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
export function banner({ readyMs, address, directory, durability, pid }: BannerFacts): string {
  const broker = address === defaultBrokerAddress ? '' : ` --broker ${address}`;
  return `millrace ${version} · ready in ${Math.round(readyMs)} ms · pid ${pid}
  Address          ${address}
  Data             ${resolve(directory)}
  Acknowledgement  ${acknowledgements[durability]}
  Retention        ${topicDefaults.retentionMs / dayMs} days, unless the topic says otherwise (retention.ms)
Next:  npx millrace produce logs 'hello'${broker}
       npx millrace consume logs${broker}
`;
}
