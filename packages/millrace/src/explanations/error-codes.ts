import type { BrokerErrorCode } from '@millrace/broker';
import type { ClientErrorCode } from '@millrace/client';
import type { ConsumerErrorCode } from '@millrace/consumer';
import type { RegistryErrorCode } from '@millrace/coordination';
import type { LogErrorCode } from '@millrace/log';
import type { ProducerErrorCode } from '@millrace/producer';
import type { ErrorCode } from '@millrace/protocol';
import type { RecordErrorCode } from '@millrace/record';
import type { TransportErrorCode } from '@millrace/transport';
import type { CliErrorCode } from '../cli/errors.ts';
import type { LogToolErrorCode } from '../log-tools/errors.ts';

/** What the system says of files and addresses, in its own words. */
type SystemErrorCode =
  | 'EACCES'
  | 'EADDRINUSE'
  | 'EADDRNOTAVAIL'
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'EDQUOT'
  | 'EFBIG'
  | 'EIO'
  | 'EISDIR'
  | 'EMFILE'
  | 'ENFILE'
  | 'ENOENT'
  | 'ENOSPC'
  | 'ENOTDIR'
  | 'ENOTFOUND'
  | 'EPERM'
  | 'EPIPE'
  | 'EROFS'
  | 'ETIMEDOUT';

/** Every code that anything of Millrace can fail with. A package that adds one finds here that it is not explained yet. */
export type ExplainedCode =
  | Exclude<ErrorCode, 'NONE'>
  | Exclude<ClientErrorCode | ConsumerErrorCode | ProducerErrorCode, 'NONE'>
  | RecordErrorCode
  | LogErrorCode
  | TransportErrorCode
  | RegistryErrorCode
  | BrokerErrorCode
  | CliErrorCode
  | LogToolErrorCode
  | 'NOT_SETTLED'
  | SystemErrorCode;
