import { frameOf, openFrame } from './envelope.ts';

/** The first message each way. A frame of ours cannot begin so by chance, and neither can anybody else's. */
const magic = 'MLRC';

/** The revisions of the envelope that this version speaks. Shapes grow by optional fields; a revision is for what cannot. */
const revisions = { least: 1, greatest: 1 };

export interface ClientHello {
  readonly clientId: string;
  readonly revision: number;
}

export function clientHello(clientId: string): Uint8Array[] {
  return frameOf([magic, revisions.least, revisions.greatest, clientId.slice(0, 256)], []) as Uint8Array[];
}

/** What a client said, or why it is not served. */
export function readClientHello(frame: Buffer): ClientHello | { readonly refused: string } {
  const [said, least, greatest, clientId] = openFrame(frame, 4_096)?.envelope ?? [];
  if (
    said !== magic ||
    typeof least !== 'number' ||
    typeof greatest !== 'number' ||
    typeof clientId !== 'string'
  )
    return { refused: 'the connection does not begin with a Millrace hello' };
  const revision = Math.min(greatest, revisions.greatest);
  if (revision < Math.max(least, revisions.least))
    return {
      refused: `revisions ${least} to ${greatest} are not ${revisions.least} to ${revisions.greatest}`,
    };
  return { clientId, revision };
}

export function serverHello(revision: number): Uint8Array[] {
  return frameOf([magic, revision], []) as Uint8Array[];
}

/** A hello that says no. */
export function serverRefusal(reason: string): Uint8Array[] {
  return frameOf([magic, 0, reason], []) as Uint8Array[];
}

/** undefined: welcome. */
export function refusalIn(frame: Buffer): string | undefined {
  const [said, revision, reason] = openFrame(frame, 4_096)?.envelope ?? [];
  if (said !== magic || typeof revision !== 'number') return 'what answers there is no Millrace broker';
  if (revision >= revisions.least && revision <= revisions.greatest) return undefined;
  return `the broker refused the connection: ${typeof reason === 'string' ? reason : 'no reason given'}`;
}
