import type { ExplainedCode } from './error-codes.ts';
import type { Explanation } from './explanation.ts';

/** Between a client and a broker. */
export const connectionExplanations = {
  BROKER_UNREACHABLE: {
    meaning: 'No Millrace broker answered at any of the addresses that were tried.',
    why: 'None is running there; the port is another one, or is served by another program; a firewall is in between.',
    cure: 'Start one with `millrace start`, or name the right one: --broker host:port, or $MILLRACE_BROKER.',
    retry: 'Yes, once a broker is there. Clients have tried a few times before they say so.',
    from: 'Every call of a client, and every verb that talks to a broker.',
  },
  REACHED_OTHER_ADDRESS: {
    meaning: 'A broker answered, but told an address at which nobody answers.',
    why: 'A broker tells clients the address it listens on; behind a tunnel, a proxy or a container that is another one.',
    cure: 'Start the broker with --listen and an address that clients reach, or connect from where the told one leads to it.',
    retry: 'No, not before the broker tells another address.',
    from: 'Every call of a client that has just connected.',
  },
  INVALID_ADDRESS: {
    meaning: 'What should be the address of a broker is not host:port.',
    why: 'The port is missing, the text has a scheme such as http://, or an IPv6 address has no brackets.',
    cure: 'Write 127.0.0.1:9292 or [::1]:9292; separate several with commas.',
    retry: 'No.',
    from: "connect('host:port') and openCluster.",
  },
  INVALID_METADATA: {
    meaning: 'A broker described its cluster in a way that cannot be.',
    why: 'What answers is broken, or is not a Millrace broker. The message says what does not fit.',
    cure: 'Look whether the address is right, and whether broker and client are of the same version.',
    retry: 'No.',
    from: 'Any call of a client.',
  },
  NETWORK_EXCEPTION: {
    meaning: 'The connection was lost before the answer came. What was asked may have been done.',
    why: 'The broker stopped or crashed, or the network failed in between.',
    cure: 'See whether the broker runs. A write may be there already: read back before repeating it by hand.',
    retry: 'Yes. Producers and consumers do so by themselves; a producer with acks all writes nothing twice.',
    from: 'Every call over a connection.',
  },
  REQUEST_TIMED_OUT: {
    meaning: 'The answer did not come in time. What was asked may have been done.',
    why: 'The broker is busy, its disk is slow, or the network drops packets.',
    cure: 'Look at the load and the disk of the broker. Read back before repeating a write by hand.',
    retry: 'Yes. Producers and consumers do so by themselves.',
    from: 'Every call to a broker.',
  },
  UNSUPPORTED_VERSION: {
    meaning: 'What answers does not understand what was asked.',
    why: 'Another program serves that port, or broker and client are of versions that do not fit together.',
    cure: 'Look whether the address is that of a Millrace broker; then use the same version on both sides.',
    retry: 'No.',
    from: 'The first call over a connection, and calls that the broker does not offer.',
  },
  INVALID_REQUEST: {
    meaning: 'A request contradicts itself, or is not what the protocol allows.',
    why: 'A client that is not of this version, or a value that cannot be, such as a negative time.',
    cure: 'The message says which part is wrong. If the client is Millrace’s own, please report it.',
    retry: 'No.',
    from: 'Every call to a broker.',
  },
  THROTTLED: {
    meaning: 'The broker is over a limit and takes no more at the moment.',
    why: 'Too much was asked at once.',
    cure: 'Wait, ask for less, or raise the limit.',
    retry: 'Yes, later.',
    from: 'No call to a broker of this version; clients understand it from later ones.',
  },
  UNKNOWN_SERVER_ERROR: {
    meaning: 'The broker met something that it did not expect.',
    why: 'A mistake in Millrace, or a failure that the protocol has no word for. The broker’s own log says more.',
    cure: 'Look at what the broker wrote to stderr at that moment, with --debug for more; please report it.',
    retry: 'No; what was asked may have been done.',
    from: 'Every call to a broker.',
  },
  CLUSTER_CLOSED: {
    meaning: 'A client was used after it was closed, or closed while a call was under way.',
    why: 'close() came before the last call had ended.',
    cure: 'Wait for the calls before you close, or open another client.',
    retry: 'No, not with this client.',
    from: 'Every call of a client after close().',
  },
  TOPIC_AUTHORIZATION_FAILED: {
    meaning: 'This user may not do that to the topic.',
    why: 'Somebody has forbidden it.',
    cure: 'Ask whoever runs the broker.',
    retry: 'No.',
    from: 'No call to a broker of this version, which has no users; clients understand it from others.',
  },
  CLUSTER_AUTHORIZATION_FAILED: {
    meaning: 'This user may not do that to the cluster.',
    why: 'Somebody has forbidden it.',
    cure: 'Ask whoever runs the broker.',
    retry: 'No.',
    from: 'No call to a broker of this version, which has no users; clients understand it from others.',
  },
  NO_BROKER: {
    meaning: 'ZooKeeper answers, and no broker is registered there.',
    why: 'All brokers of the cluster are stopped, or they meet elsewhere: at another ZooKeeper or below another path.',
    cure: 'Start one with the same --zookeeper, or look at the --zookeeper of those that run: their banner says it.',
    retry: 'Yes, once a broker is there.',
    from: 'The verbs that find brokers by --zookeeper or MILLRACE_ZOOKEEPER.',
  },
} satisfies { readonly [Code in ExplainedCode]?: Explanation };
