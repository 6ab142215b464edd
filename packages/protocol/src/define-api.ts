import type { ByteRange } from '@millrace/runtime';
import * as z from 'zod/mini';
import { type ErrorCode, errorCodes } from './error-codes.ts';

/**
 * One question and its answer. The order of a shape's fields is their order on the wire (positional): only append,
 * and only optional ones. Readers ignore what they do not know and default what is missing.
 */
export interface ApiDefinition<Request extends z.ZodMiniType, Response extends z.ZodMiniType> {
  readonly request: Request;
  readonly response: Response;
}

export function defineApi<Request extends z.ZodMiniType, Response extends z.ZodMiniType>(
  request: Request,
  response: Response,
): ApiDefinition<Request, Response> {
  return { request, response };
}

// What the APIs' shapes are made of. Each stands for one form on the wire (see docs/formats/wire.md).

/** A whole number within 2^53. */
export const integer = z.int();
/** 0, 1, 2, …: offsets, sizes, counts, ms. */
export const natural = z.int().check(z.nonnegative());
export const flag = z.boolean();
/** At most 32 Ki characters; a name or a message, never data. */
export const text = z.string().check(z.maxLength(32_768));
/** Travels as Kafka's number; an unknown one is UNKNOWN_SERVER_ERROR. */
export const errorCode = z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]);
/** Record batches on their way in, or what only clients understand: bytes beside the envelope, a view of the frame. Who keeps them copies them. */
export const batchesIn = z.custom<Buffer>((value) => Buffer.isBuffer(value));
/** Record batches on their way out: bytes beside the envelope that may still lie in a file. */
export const batchesOut = z.custom<Buffer | ByteRange>(
  (value) => typeof value === 'object' && value !== null && 'byteLength' in value,
);

/** Bytes that mean something to clients alone: beside the envelope, a view of the frame. Who keeps them copies them. */
export const opaque = z.custom<Buffer>((value) => Buffer.isBuffer(value));

/** Where a group stands; `dead`: there is none of that name. */
export const groupState = z.enum(['empty', 'preparingRebalance', 'completingRebalance', 'stable', 'dead']);
/** `classic`: its members speak Kafka's group protocol with a coordinator; `millrace`: they share the registry. */
export const groupKind = z.enum(['classic', 'millrace']);

/** A list of at most 100,000 items. */
export function list<Item extends z.ZodMiniType>(item: Item): z.ZodMiniArray<Item> {
  return z.array(item).check(z.maxLength(100_000));
}

/** What names a partition in a request; the broker resolves the id when it is given. */
export const partitionName = { topic: text, partition: natural };

/** How each item of an answer says that it failed: a code, and for people what was asked and what was there. */
export const failure = { error: errorCode, message: z.optional(text) };
