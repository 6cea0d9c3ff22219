import { ImageError } from '../../datasets/images/image-error';
import { InputError } from '../../detection/errors';
import { formatBytes } from '../terminal/format-bytes';
import type { CollectedPicture } from './collect/collect';
import type { PagePicture } from './page-data';
import { pictureFor, type EncodedPicture } from './picture-for';

/** Browsers open pages of this size in a few seconds; what is larger is for a server. */
const MAX_PAGE_BYTES = 200e6;
/** Longer side of the pictures by how many there are, so that most pages have some ten megabytes. */
const SIDES = [
  { upTo: 300, side: 800 },
  { upTo: 1500, side: 400 },
  { upTo: Infinity, side: 256 },
] as const;
/** Pictures under way at once; sharp decodes on libuv's four threads. */
const PARALLEL = 4;
/** From so many pictures on it is told how large the page will be. */
const SAMPLE = 256;

/** Pictures as a page embeds them. */
export interface Embedded {
  readonly pictures: readonly PagePicture[];
  /** JPEG files in base64; empty where there is none. */
  readonly thumbnails: readonly string[];
  /** Longer side of each, pixels. */
  readonly side: number;
}

export interface EmbedOptions {
  /** Longer side of each picture, pixels. By default 800, 400 or 256, the more the smaller. */
  readonly side?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Pictures in the size in which a page embeds them.
 *
 * @throws InputError where the page would be too large; the signal's reason.
 */
export async function embedPictures(
  collected: readonly CollectedPicture[],
  { side, signal, onProgress }: EmbedOptions = {},
): Promise<Embedded> {
  const total = collected.length;
  const shownSide = side ?? SIDES.find(({ upTo }) => total <= upTo)!.side;
  const encoded: (EncodedPicture | ImageError | undefined)[] = Array.from({ length: total });
  let [next, done, bytes] = [0, 0, 0];
  const work = async (): Promise<void> => {
    while (next < total) {
      signal?.throwIfAborted();
      const index = next++;
      const picture = await pictureFor(collected[index], shownSide);
      encoded[index] = picture;
      if (picture !== undefined && 'jpeg' in picture) bytes += base64Length(picture.jpeg);
      onProgress?.(++done, total);
      const expected = done === SAMPLE ? (bytes / done) * total : bytes;
      if (expected > MAX_PAGE_BYTES) throw tooLarge(total, (bytes / done) * total, shownSide);
    }
  };
  try {
    await Promise.all(Array.from({ length: PARALLEL }, work));
  } finally {
    // Where one has failed the others end too.
    next = total;
  }
  return {
    pictures: collected.map(({ page }, k) => withPicture(page, encoded[k])),
    thumbnails: encoded.map((picture) =>
      picture !== undefined && 'jpeg' in picture ? picture.jpeg.toString('base64') : '',
    ),
    side: shownSide,
  };
}

function base64Length({ length }: Buffer): number {
  return Math.ceil(length / 3) * 4;
}

/** What has become known of a picture by decoding it. */
export function withPicture(
  page: PagePicture,
  picture: EncodedPicture | ImageError | undefined,
): PagePicture {
  if (picture === undefined) return { ...page, isMissing: true };
  if (!('jpeg' in picture)) {
    const problem = { kind: 'unreadable picture', text: picture.reason };
    return { ...page, isMissing: true, problems: [...page.problems, problem] };
  }
  const { width, height } = picture.size;
  const isAsSaid = width === page.width && height === page.height;
  return isAsSaid ? page : { ...page, stored: { width, height } };
}

function tooLarge(pictures: number, bytes: number, side: number): InputError {
  return new InputError(
    'page-too-large',
    `a page with ${pictures} pictures of ${side} pixels would have about ${formatBytes(bytes)}, and more than ` +
      `${formatBytes(MAX_PAGE_BYTES)} is too much for a browser. Look at all of them with --serve, or at the worst with --limit N, ` +
      `or at smaller ones with --picture-size N`,
    { pictures, bytes, side },
  );
}
