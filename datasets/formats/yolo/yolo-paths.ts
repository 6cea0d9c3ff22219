import path from 'node:path';
import { withoutExtension } from '../folders';

/**
 * Where the labels of a picture are, as YOLO's programs find them: the last folder of its path that is called `images` is
 * called `labels`, and the extension is `.txt`. Where no folder is called so, they are beside the picture.
 */
export function labelFileOf(picture: string): string {
  const folders = path.dirname(picture).split(path.sep);
  const at = folders.lastIndexOf('images');
  const labels = folders.map((folder, index) => (index === at ? 'labels' : folder)).join(path.sep);
  return path.join(labels, `${withoutExtension(path.basename(picture))}.txt`);
}

/** The same beside the picture, where some programs look. */
export function labelFileBeside(picture: string): string {
  return `${withoutExtension(picture)}.txt`;
}
