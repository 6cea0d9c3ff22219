/** Why a request is not answered with what was found: an HTTP status, a code for programs and a message for people. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';

  /** @param retryAfter seconds after which it may be tried again, where that may help */
  constructor(
    readonly statusCode: number,
    readonly code: string,
    message: string,
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

/** Nobody waits for more than a second longer than need be. */
const RETRY_SECONDS = 1;

/** As many pictures as may be are being received, wait or are at work. */
export function busy(limit: number): ServiceError {
  return new ServiceError(
    503,
    'busy',
    `${limit} pictures are being received, wait or are at work; no more are taken until one is done`,
    RETRY_SECONDS,
  );
}

/** The detector is being loaded, for the first time or anew. */
export function notReady(): ServiceError {
  return new ServiceError(503, 'not-ready', 'the detector is being loaded', RETRY_SECONDS);
}

/** The service ends. */
export function stopping(): ServiceError {
  return new ServiceError(503, 'stopping', 'the service is being stopped', RETRY_SECONDS);
}

/** A request has taken too long. */
export function timedOut(seconds: number): ServiceError {
  return new ServiceError(
    503,
    'timed-out',
    `there is no answer after ${seconds} s, the time-out of this service`,
    RETRY_SECONDS,
  );
}

/** The status of answers that nobody waited for, as nginx has it. */
export const CLIENT_GONE = 499;

/** The other side has gone. */
export function gone(): ServiceError {
  return new ServiceError(CLIENT_GONE, 'aborted', 'nobody waits for the answer');
}
