import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kafkaApis } from '@millrace/kafka-protocol';

/** A request of every version of every question, with all fields filled, as franz-go writes it; without its length. */
export function goldenRequests(golden: string): { readonly name: string; readonly frame: Buffer }[] {
  return readdirSync(golden).flatMap((file) => {
    const key = Number(file.slice(0, 2));
    const api = Object.values(kafkaApis).find((one) => one.key === key);
    const lines = readFileSync(join(golden, file), 'utf8').trim().split('\n');
    const samples = lines.map((line) => JSON.parse(line) as { version: number; kind: string; hex: string });
    return samples
      .filter(({ kind }) => kind === 'request')
      .map(({ version, hex }) => {
        const header = Buffer.alloc(10);
        header.writeInt16BE(key, 0);
        header.writeInt16BE(version, 2);
        header.writeInt32BE(1, 4);
        header.writeInt16BE(-1, 8);
        const tags = api?.isFlexible(version) === true ? Buffer.alloc(1) : Buffer.alloc(0);
        const frame = Buffer.concat([header, tags, Buffer.from(hex, 'hex')]);
        return { name: `${api?.name} ${version}`, frame };
      });
  });
}
