import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kafkaApis } from './apis/index.ts';
import type { AnyKafkaApi } from './schema/kafka-api.ts';
import { Reader } from './schema/reader.ts';
import type { Form } from './schema/type.ts';
import { Writer } from './schema/writer.ts';

// The bytes in `golden` were made by franz-go's encoder (kmsg 1.15.0), the one with which `tools/kafka-golden` is built: of every
// version of every message one with all fields filled, each with another value, and one with what they hold by default.

interface Sample {
  readonly version: number;
  readonly kind: 'request' | 'response';
  readonly values: unknown;
  readonly hex: string;
}

type AnyForm = Form<unknown, unknown>;

const apis: readonly AnyKafkaApi[] = Object.values(kafkaApis);

function samplesOf({ key }: AnyKafkaApi): Sample[] {
  const file = join(__dirname, 'golden', `${String(key).padStart(2, '0')}.jsonl`);
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Sample);
}

function formOf(api: AnyKafkaApi, { kind, version }: Sample): AnyForm {
  return api[kind](version) as AnyForm;
}

function decode(form: AnyForm, bytes: Buffer): unknown {
  const reader = new Reader(bytes, 1_000);
  const value = form.read(reader);
  expect(reader.remaining).toBe(0);
  return value;
}

/** Numbers above what a default is, and texts: with the name of the field that holds them. */
function leavesOf(value: unknown, name = ''): [string, string][] {
  if (Buffer.isBuffer(value)) return [[value.toString('hex'), name]];
  if (Array.isArray(value)) return value.flatMap((item) => leavesOf(item, name));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([field, inner]) => leavesOf(inner, field));
  const isTelling = typeof value === 'string' ? value.length > 1 : typeof value === 'number' && value > 20;
  return isTelling ? [[String(value).replaceAll('-', ''), name]] : [];
}

/** What Kafka's documents call by another name than franz-go does. */
const otherNames: { readonly [name: string]: readonly string[] } = {
  transactionalid: ['transactionid'],
  name: ['topic'],
  index: ['partition'],
  records: ['recordbatches'],
  rackid: ['rack'],
  replicaid: ['id'],
  replicaepoch: ['epoch'],
  responses: ['topics'],
  logappendtimems: ['logappendtime'],
  batchindex: ['relativeoffset'],
  batchindexerrormessage: ['errormessage'],
};

function isSame(ours: string, theirs: string): boolean {
  const [plain, other] = [ours, theirs].map((name) => name.toLowerCase().replace(/millis$/, 'ms'));
  return plain === other || otherNames[plain ?? '']?.includes(other ?? '') === true;
}

describe.each(apis.map((api) => [api.name, api] as const))('%s', (_, api) => {
  const samples = samplesOf(api);

  it('is known in every version that is served, both ways', () => {
    const { least, most } = api.versions;
    const versions = new Set(samples.map(({ version }) => version));

    expect([...versions]).toEqual(Array.from({ length: most - least + 1 }, (__, i) => least + i));
  });

  it('reads what another encoder wrote, each value where it belongs', () => {
    for (const sample of samples) {
      const names = new Map(leavesOf(sample.values));
      const value = decode(formOf(api, sample), Buffer.from(sample.hex, 'hex'));
      const misplaced = leavesOf(value)
        .filter(([leaf]) => names.has(leaf))
        .filter(([leaf, name]) => !isSame(name, names.get(leaf) ?? ''))
        .map(([leaf, name]) => `v${sample.version} ${name} has ${names.get(leaf)} ${leaf}`);
      expect(misplaced).toEqual([]);
    }
  });

  it('writes the same bytes', () => {
    const writer = new Writer();
    for (const sample of samples) {
      const form = formOf(api, sample);
      const value = decode(form, Buffer.from(sample.hex, 'hex'));
      writer.begin();
      form.write(writer, value);
      const bytes = writer.finish() as Buffer[];
      expect(`v${sample.version} ${Buffer.concat(bytes).subarray(4).toString('hex')}`).toBe(
        `v${sample.version} ${sample.hex}`,
      );
    }
  });
});
