import { InputError } from '../../../detection/errors';

/** Why a peer's program failed, for the table. @throws any other error */
export function failureOf(error: unknown): string {
  if (error instanceof InputError && error.code === 'program-failed') return error.message;
  throw error;
}
