/** The first four letters of what other clients say first, read as a length. */
const httpMethods: ReadonlySet<number> = new Set(
  ['GET ', 'POST', 'PUT ', 'HEAD', 'DELE', 'OPTI', 'PATC', 'CONN', 'TRAC', 'PRI '].map((letters) =>
    Buffer.from(letters).readInt32BE(0),
  ),
);

const page = 'This port speaks the Millrace protocol, not HTTP.\n';

/** Who knocks at the wrong door, when the "length" of the first frame gives them away, and what to tell them. */
export function foreignGreeting(length: number): { reason: string; chunks?: Uint8Array[] } | undefined {
  if (httpMethods.has(length)) {
    const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${page.length}\r\nConnection: close\r\n\r\n`;
    return { reason: 'an HTTP request', chunks: [Buffer.from(head + page)] };
  }
  // A TLS record: handshake (22), version 3.x.
  if (length >>> 16 === 0x1603) return { reason: 'a TLS handshake; this port speaks plain TCP' };
  return undefined;
}
