import {
  type ApiName,
  type ErrorCode,
  errorCodes,
  type RequestOf,
  type ResponseOf,
} from '@millrace/protocol';
import type { AnyKafkaApi, KafkaRequest, KafkaResponseDraft } from '../schema/kafka-api.ts';

/** What went wrong with a whole call. */
interface Failure {
  readonly error: ErrorCode;
  readonly message: string;
}

/** A question of Kafka's protocol as the question to a broker that it stands for, and the way back. */
export interface Question<Api extends AnyKafkaApi, Name extends ApiName> {
  readonly api: Api;
  /** The handler that answers it. */
  readonly asks: Name;
  /** What can be said without asking anybody; undefined: it has to be asked. */
  refuse?(request: KafkaRequest<Api>, version: number): KafkaResponseDraft<Api> | undefined;
  ask(request: KafkaRequest<Api>, version: number): RequestOf<Name>;
  /** A call that failed as a whole, said of each part: Kafka's answers mostly have no other place for it. */
  fail(asked: RequestOf<Name>, failure: Failure): ResponseOf<Name>;
  answer(response: ResponseOf<Name>, request: KafkaRequest<Api>, version: number): KafkaResponseDraft<Api>;
}

/** Any of them; which belongs to which request is known where it was found by its key. */
export interface AnyQuestion {
  readonly api: AnyKafkaApi;
  readonly asks: ApiName;
  refuse?(request: unknown, version: number): unknown;
  ask(request: unknown, version: number): unknown;
  fail(asked: unknown, failure: Failure): unknown;
  answer(response: unknown, request: unknown, version: number): unknown;
}

export function question<Api extends AnyKafkaApi, Name extends ApiName>(
  definition: Question<Api, Name>,
): AnyQuestion {
  return definition as unknown as AnyQuestion;
}

export function numberOf(error: ErrorCode): number {
  return errorCodes[error].id;
}

/** -1 is Kafka's "none". */
export function natural(value: number): number | undefined {
  return value < 0 ? undefined : value;
}

/** `{ [name]: value }`, or nothing at all when there is no value. */
export function given<Name extends string, Value>(
  name: Name,
  value: Value | null | undefined,
): { readonly [N in Name]?: Value } {
  return (value === undefined || value === null ? {} : { [name]: value }) as { readonly [N in Name]?: Value };
}
