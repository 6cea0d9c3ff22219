import type { GivenDetector } from '../run/open-detector';
import type { BatchAnswer, PictureDetection } from './answering-detector';

/** What the thread of a detector is started with. */
export interface ThreadData extends PictureDetection {
  /** What `--weights` names. */
  readonly weights: string;
  /** A model of the user's own is named by its file: the thread does not know what others have registered. */
  readonly given: GivenDetector;
}

/** What the thread of a detector says: that it is ready, or why it will not be; and an answer to each batch. */
export type ThreadMessage =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'refusal';
      readonly code: string;
      readonly message: string;
      readonly facts: Readonly<Record<string, unknown>>;
    }
  | ({ readonly kind: 'batch' } & BatchAnswer);
