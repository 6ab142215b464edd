import * as z from 'zod/mini';
import { brokerConfig } from './config.ts';

/** As much of JSON Schema as the configuration needs. */
export interface ConfigJsonSchema {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly anyOf?: readonly ConfigJsonSchema[];
  readonly items?: ConfigJsonSchema;
  readonly properties?: { readonly [name: string]: ConfigJsonSchema };
}

/**
 * What `checkConfig` takes, as data, for the page of the configuration. Parts that a program brings (functions, codecs)
 * have no JSON Schema: theirs says nothing.
 */
export function configJsonSchema(): ConfigJsonSchema {
  return z.toJSONSchema(brokerConfig, { unrepresentable: 'any', io: 'input' }) as ConfigJsonSchema;
}
