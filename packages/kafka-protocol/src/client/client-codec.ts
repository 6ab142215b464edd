import {
  type ApiName,
  apiError,
  type Call,
  type ClientCodec,
  errorCodeOf,
  type Outcome,
  type ResponseOf,
} from '@millrace/protocol';
import { apiVersions } from '../apis/18-api-versions.ts';
import type { AnyKafkaApi } from '../schema/kafka-api.ts';
import { MalformedMessage, Reader } from '../schema/reader.ts';
import { textOrNull } from '../schema/scalars.ts';
import type { Form } from '../schema/type.ts';
import type { Writer } from '../schema/writer.ts';
import {
  alterConfigsPose,
  createTopicsPose,
  deleteTopicsPose,
  describeConfigsPose,
  initProducerIdPose,
  metadataPose,
} from './cluster.ts';
import {
  findCoordinatorPose,
  heartbeatPose,
  joinGroupPose,
  leaveGroupPose,
  offsetCommitPose,
  offsetFetchPose,
  syncGroupPose,
} from './groups.ts';
import type { AnyPose } from './pose.ts';
import { fetchPose, listOffsetsPose, producePose } from './records.ts';

type AnyForm = Form<unknown, unknown>;

const poses: { readonly [Name in ApiName]?: AnyPose } = {
  metadata: metadataPose,
  produce: producePose,
  fetch: fetchPose,
  listOffsets: listOffsetsPose,
  createTopics: createTopicsPose,
  deleteTopics: deleteTopicsPose,
  initProducerId: initProducerIdPose,
  describeConfigs: describeConfigsPose,
  alterConfigs: alterConfigsPose,
  findCoordinator: findCoordinatorPose,
  joinGroup: joinGroupPose,
  syncGroup: syncGroupPose,
  heartbeat: heartbeatPose,
  leaveGroup: leaveGroupPose,
  offsetCommit: offsetCommitPose,
  offsetFetch: offsetFetchPose,
};
/** Without these a broker is of no use. */
const needed: readonly ApiName[] = ['metadata', 'produce', 'fetch', 'listOffsets'];
const helloVersion = 3;
const helloCorrelation = -1;
const maxItems = 4_000_000;
const clientIdForm = textOrNull().form(0, false);

interface Asked {
  readonly pose: AnyPose;
  readonly request: unknown;
}

/** How our clients ask an Apache Kafka, or any broker that speaks as it does. */
export class KafkaClientCodec implements ClientCodec {
  readonly maxFrameBytes: number;
  readonly #writer: Writer;
  readonly #clientId: string;
  readonly #asked = new Map<number, Asked>();
  /** What the broker takes, once it has said so. */
  #ranges: ReadonlyMap<number, { readonly minVersion: number; readonly maxVersion: number }> | undefined;

  constructor(writer: Writer, maxFrameBytes: number, clientId: string) {
    this.#writer = writer;
    this.maxFrameBytes = maxFrameBytes;
    this.#clientId = clientId;
  }

  hello(): Uint8Array[] {
    return this.#frame(apiVersions, helloVersion, helloCorrelation, {
      clientSoftwareName: 'millrace',
      clientSoftwareVersion: '0.1.0',
    });
  }

  encode({ correlation, api, request }: Call): Uint8Array[] {
    const found = poses[api];
    if (found === undefined)
      throw apiError('UNSUPPORTED_VERSION', `Kafka's protocol has no question '${api}' that is asked here`);
    this.#checkRange(found);
    const chunks = this.#frame(found.api, found.version, correlation, found.ask(request));
    const isAnswered = api !== 'produce' || request.acks !== 'none';
    if (isAnswered) this.#asked.set(correlation, { pose: found, request });
    return chunks;
  }

  decode(frame: Buffer): { correlation: number; outcome: Outcome } | undefined {
    try {
      return this.#decode(frame);
    } catch (error) {
      if (error instanceof MalformedMessage)
        throw apiError('CORRUPT_MESSAGE', `a broken answer: ${error.message}`);
      throw error;
    }
  }

  #decode(frame: Buffer): { correlation: number; outcome: Outcome } | undefined {
    const from = new Reader(frame, maxItems);
    const correlation = from.int32();
    if (correlation === helloCorrelation && this.#ranges === undefined) {
      this.#greeted(frame.subarray(frame.length - from.remaining));
      return undefined;
    }
    const asked = this.#asked.get(correlation);
    if (asked === undefined) throw apiError('CORRUPT_MESSAGE', 'an answer to a question that was not asked');
    this.#asked.delete(correlation);
    const { api, version } = asked.pose;
    if (api.isFlexible(version)) skipTags(from);
    const answer = (api.response(version) as AnyForm).read(from) as { errorCode?: number };
    // Of a fetch the whole may have failed; the others say it of themselves, or of each part.
    if (api.name === 'Fetch' && answer.errorCode !== undefined && answer.errorCode !== 0)
      return {
        correlation,
        outcome: { error: errorCodeOf(answer.errorCode), message: 'the fetch failed as a whole' },
      };
    return {
      correlation,
      outcome: { response: asked.pose.hear(answer, asked.request) as ResponseOf<ApiName> },
    };
  }

  /** A broker that does not know the version answers in version 0, which begins alike. */
  #greeted(body: Buffer): void {
    const errorCode = new Reader(body, maxItems).int16();
    if (errorCode !== 0)
      throw apiError(
        'UNSUPPORTED_VERSION',
        `the broker does not tell what it takes (${errorCodeOf(errorCode)})`,
        {
          hint: 'Kafka 3.1 and newer are spoken to',
        },
      );
    const { apiKeys } = apiVersions.response(helloVersion).read(new Reader(body, maxItems));
    this.#ranges = new Map(apiKeys.map(({ apiKey, ...range }) => [apiKey, range]));
    for (const name of needed) this.#checkRange(poses[name] as AnyPose);
  }

  /** UNSUPPORTED_VERSION, once the broker has said what it takes. */
  #checkRange({ api, version }: AnyPose): void {
    if (this.#ranges === undefined) return;
    const range = this.#ranges.get(api.key);
    if (range !== undefined && version >= range.minVersion && version <= range.maxVersion) return;
    const taken =
      range === undefined ? 'does not know it' : `takes ${range.minVersion} to ${range.maxVersion}`;
    throw apiError(
      'UNSUPPORTED_VERSION',
      `${api.name} is asked in version ${version}, and the broker ${taken}`,
      {
        hint: 'Kafka 3.1 and newer are spoken to',
      },
    );
  }

  #frame(api: AnyKafkaApi, version: number, correlation: number, draft: unknown): Uint8Array[] {
    const writer = this.#writer;
    writer.begin();
    writer.int16(api.key);
    writer.int16(version);
    writer.int32(correlation);
    clientIdForm.write(writer, this.#clientId);
    if (api.isFlexible(version)) writer.uvarint(0);
    (api.request(version) as AnyForm).write(writer, draft);
    // Requests hold no ranges: the contract gives them bytes only.
    return writer.finish() as Uint8Array[];
  }
}

function skipTags(from: Reader): void {
  for (let left = from.uvarint(); left > 0; left -= 1) {
    from.uvarint();
    from.skip(from.uvarint());
  }
}
