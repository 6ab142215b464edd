import { type Fields, type StructDraft, type StructValue, struct } from './struct.ts';
import type { Form, Type } from './type.ts';
import { includes, parseVersions, type VersionRange, type Versions } from './version-range.ts';

/** One question of Kafka's protocol and its answer, in all versions that are served. */
export interface KafkaApi<Request, RequestDraft, Response, ResponseDraft> {
  readonly key: number;
  readonly name: string;
  readonly versions: Versions;
  /** Whether messages of the version have tagged fields, their headers too. */
  readonly isFlexible: (version: number) => boolean;
  /** Made on first use, then kept. RangeError for a version that is not served. */
  readonly request: (version: number) => Form<Request, RequestDraft>;
  readonly response: (version: number) => Form<Response, ResponseDraft>;
}

export type AnyKafkaApi = KafkaApi<unknown, never, unknown, never>;
export type KafkaRequest<Api> = Api extends KafkaApi<infer Request, never, unknown, never> ? Request : never;
export type KafkaResponseDraft<Api> =
  Api extends KafkaApi<unknown, never, unknown, infer Draft> ? Draft : never;

export interface KafkaApiDefinition<Q extends Fields, A extends Fields> {
  readonly key: number;
  readonly name: string;
  readonly versions: VersionRange;
  readonly flexible: VersionRange;
  readonly request: Q;
  readonly response: A;
}

export function kafkaApi<Q extends Fields, A extends Fields>({
  key,
  name,
  versions: range,
  flexible,
  request,
  response,
}: KafkaApiDefinition<Q, A>): KafkaApi<StructValue<Q>, StructDraft<Q>, StructValue<A>, StructDraft<A>> {
  const versions = parseVersions(range);
  const flexibleVersions = parseVersions(flexible);
  const isFlexible = (version: number): boolean => includes(flexibleVersions, version);
  return {
    key,
    name,
    versions,
    isFlexible,
    request: onFirstUse(struct(request), name, versions, isFlexible),
    response: onFirstUse(struct(response), name, versions, isFlexible),
  };
}

function onFirstUse<Value, Draft>(
  type: Type<Value, Draft>,
  name: string,
  versions: Versions,
  isFlexible: (version: number) => boolean,
): (version: number) => Form<Value, Draft> {
  const forms: (Form<Value, Draft> | undefined)[] = [];
  return (version) => {
    const known = forms[version];
    if (known !== undefined) return known;
    if (!includes(versions, version)) throw new RangeError(`${name} has no version ${version} here`);
    const form = type.form(version, isFlexible(version));
    forms[version] = form;
    return form;
  };
}
