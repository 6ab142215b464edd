import { apis } from '../apis/index.ts';
import type { ApiName } from '../broker-api.ts';
import { type CompiledShape, compileShape } from './compile-shape.ts';

export interface CompiledApi {
  readonly name: ApiName;
  /** Its place in the list: what stands on the wire. */
  readonly index: number;
  readonly request: CompiledShape;
  readonly response: CompiledShape;
}

export const compiledApis: readonly CompiledApi[] = Object.entries(apis).map(
  ([name, { request, response }], index) => ({
    name: name as ApiName,
    index,
    request: compileShape(request, name),
    response: compileShape(response, name),
  }),
);

export const compiledApi: ReadonlyMap<ApiName, CompiledApi> = new Map(
  compiledApis.map((api) => [api.name, api]),
);
