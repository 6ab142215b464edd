/** Where ZooKeeper is, and below which of its nodes everything lies. */
export interface ConnectString {
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  /** The chroot: '' or '/path'. */
  readonly root: string;
}

const defaultPort = 2181;

/** `host:port,host:port/path`; the port is 2181 when there is none, IPv6 stands in brackets. RangeError. */
export function parseConnectString(connect: string): ConnectString {
  const slash = connect.indexOf('/');
  const hosts = slash === -1 ? connect : connect.slice(0, slash);
  const root = slash === -1 ? '' : connect.slice(slash);
  return {
    servers: hosts.split(',').map((server) => parseServer(server.trim(), connect)),
    root: root === '/' ? '' : root,
  };
}

function parseServer(server: string, connect: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/.exec(server);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new RangeError(
      `connect is ${JSON.stringify(connect)}: ${JSON.stringify(server)} is not host:port; wanted is host:port,host:port/path`,
    );
  }
  return { host, port };
}
