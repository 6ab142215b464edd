import { apis } from '../apis/index.ts';
import type { ApiName } from '../broker-api.ts';
import { messageShapeOf } from './shape.ts';
import { type MessageDecoder, messageDecoder } from './shape-decoder.ts';
import { type MessageEncoder, messageEncoder } from './shape-encoder.ts';

/** One API, compiled. */
interface CompiledApi {
  readonly name: ApiName;
  /** Its number on the wire. */
  readonly place: number;
  readonly encodeRequest: MessageEncoder;
  readonly decodeRequest: MessageDecoder;
  readonly encodeResponse: MessageEncoder;
  readonly decodeResponse: MessageDecoder;
}

export interface ApiTable {
  readonly byName: { readonly [Name in ApiName]: CompiledApi };
  readonly byPlace: readonly CompiledApi[];
}

/** Compiles every shape of the contract once. */
export function compileApis(): ApiTable {
  const names = Object.keys(apis) as ApiName[];
  const byPlace = names.map((name, place): CompiledApi => {
    const request = messageShapeOf(apis[name].request);
    const response = messageShapeOf(apis[name].response);
    return {
      name,
      place,
      encodeRequest: messageEncoder(request),
      decodeRequest: messageDecoder(request),
      encodeResponse: messageEncoder(response),
      decodeResponse: messageDecoder(response),
    };
  });
  const byName = Object.fromEntries(byPlace.map((api) => [api.name, api])) as ApiTable['byName'];
  return { byName, byPlace };
}
