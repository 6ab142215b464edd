// What a codec must do, and messages to do it with. Loads fast-check.
export { arbitraryRequest, arbitraryResponse } from './arbitraries.ts';
export { type CodecConformance, codecConformance, framesOf, opened } from './codec-conformance.ts';
