import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** A file of the folder that lies beside the repository: golden numbers, data sets, peers to compare with. */
export function sharedPath(relative: string): string {
  return resolve(__dirname, '..', '..', 'shared', relative);
}

/** Tests that need that folder. Without it they are skipped, but under CI they run, and fail. */
export const describeShared =
  existsSync(sharedPath('')) || process.env['CI'] === 'true' ? describe : describe.skip;
