import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** How a type is read and written at one version. */
export interface Form<Value, Draft = Value> {
  read(from: Reader): Value;
  write(to: Writer, value: Draft): void;
}

/** A type of Kafka's protocol: what it is at each version. `Draft` is what may be written where a `Value` is read. */
export interface Type<Value, Draft = Value> {
  /** What a reader finds in versions that do not have the field. */
  readonly none: Value;
  /** `flexible`: lengths are varints and structures end with tagged fields (KIP-482). */
  form(version: number, flexible: boolean): Form<Value, Draft>;
}

export type AnyType = Type<unknown, never>;
export type ValueOf<T extends AnyType> = T extends Type<infer Value, never> ? Value : never;
export type DraftOf<T extends AnyType> = T extends Type<unknown, infer Draft> ? Draft : never;
