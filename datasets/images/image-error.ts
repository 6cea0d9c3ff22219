import { InputError, truncateText } from '../../detection/errors';

/** More than any system allows a path to have. */
const MAX_SHOWN_NAME = 4096;

/** What keeps a picture from being used. */
export type ImageFault =
  'missing' | 'unreadable' | 'no file' | 'empty' | 'unknown type' | 'damaged' | 'size' | 'too large';

const CODES: Readonly<Record<ImageFault, string>> = {
  missing: 'picture-missing',
  unreadable: 'picture-unreadable',
  'no file': 'picture-no-file',
  empty: 'picture-empty',
  'unknown type': 'picture-unknown-type',
  damaged: 'picture-damaged',
  size: 'picture-size',
  'too large': 'picture-too-large',
};

/** A picture cannot be used. */
export class ImageError extends InputError {
  override readonly name = 'ImageError';

  /** @internal */
  constructor(
    /** Its path, or what else it is called. */
    readonly file: string,
    /** What is wrong with the picture, as the rest of a sentence after its name. */
    readonly reason: string,
    /** The kind of fault. */
    readonly fault: ImageFault,
    facts: Readonly<Record<string, unknown>> = {},
  ) {
    // Names may hold new lines, and may be of any length; a message about a picture is one line.
    super(CODES[fault], `${truncateText(file.replaceAll('\n', '\\n'), MAX_SHOWN_NAME)}: ${reason}`, facts);
  }
}

/** To be given to `catch`: a picture that cannot be used counts as none. */
export function ignoreImageError(error: unknown): undefined {
  if (!(error instanceof ImageError)) throw error;
}
