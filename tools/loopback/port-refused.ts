import { InputError } from '../../detection/errors';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses this port',
  EACCES: 'this port is not permitted',
  EADDRNOTAVAIL: 'this machine does not have this address',
  ENOTFOUND: 'there is no such address',
};

/**
 * Why a server cannot listen.
 *
 * @param asked the option, with its value: `--serve 80`
 * @param remedy what to do about it
 */
export function portRefused(
  asked: string,
  port: number,
  { code, message }: NodeJS.ErrnoException,
  remedy: string,
): InputError {
  return new InputError('port-refused', `${asked}: ${REASONS[code ?? ''] ?? message}; ${remedy}`, { port });
}
