import { serveLoopback, type LoopbackServer } from '../loopback/loopback-server';
import type { CollectedPicture } from './collect/collect';
import { pictureFor } from './picture-for';

/** Longer side of the pictures of the grid, pixels. */
const THUMBNAIL_SIDE = 400;

/**
 * Serves a page, and its pictures when they are asked for, by their place in the list: no request names a file.
 *
 * @param port 0 for any that is free
 * @throws InputError where the port cannot be had.
 */
export function servePage(
  page: string,
  pictures: readonly CollectedPicture[],
  port: number,
): Promise<LoopbackServer> {
  return serveLoopback(port, '--serve', async (path, answer) => {
    if (path === '/') {
      return answer.send(200, 'text/html; charset=utf-8', page, { 'Cache-Control': 'no-store' });
    }
    const [, kind, digits] = /^\/(thumbnails|pictures)\/(\d{1,9})$/.exec(path) ?? [];
    const wanted = digits === undefined ? undefined : pictures[Number(digits)];
    if (wanted === undefined) return answer.refuse(404, 'There is nothing here.');
    const picture = await pictureFor(wanted, kind === 'thumbnails' ? THUMBNAIL_SIDE : undefined);
    if (picture === undefined || !('jpeg' in picture)) {
      return answer.refuse(404, picture?.reason ?? 'There is no picture.');
    }
    answer.send(200, 'image/jpeg', picture.jpeg, { 'Cache-Control': 'private, max-age=3600' });
  });
}
