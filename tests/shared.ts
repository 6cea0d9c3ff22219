import { existsSync } from 'node:fs';
import { sharedPath } from './shared-path';

export { sharedPath };

/** Tests that need that folder. Without it they are skipped, but under CI they run, and fail. */
export const describeShared =
  existsSync(sharedPath('')) || process.env['CI'] === 'true' ? describe : describe.skip;
