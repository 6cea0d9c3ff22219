import type { CocoCategory } from '../../../datasets/coco/categories/category-map';
import { isId, isObject } from '../../../datasets/coco/entries';
import { readJsonFile } from '../../../datasets/coco/json/json-file';
import { InputError } from '../../../detection/errors';

/** What results take from a COCO file: everything but its objects. */
export interface AnnotationFile {
  readonly file: string;
  readonly images: readonly FileImage[];
  /** Sorted by id; none where the file has none. */
  readonly categories: readonly CocoCategory[];
}

/** An image of a COCO file. */
export interface FileImage {
  readonly id: number;
  /** With slashes. */
  readonly fileName: string;
  /** 0 where the file has no size. */
  readonly width: number;
  readonly height: number;
}

/**
 * Reads images and categories of a COCO file.
 *
 * @throws JsonFileError where it cannot be read, InputError where an image has no id or no name.
 */
export async function readAnnotationFile(file: string): Promise<AnnotationFile> {
  const content = await readJsonFile(file, (entry, key) => (key === 'annotations' ? null : entry));
  const { images, categories }: Readonly<Record<string, unknown>> = isObject(content) ? content : {};
  if (!Array.isArray(images)) throw noImageIds(file, 'has no list of images');
  const named = new Map(
    (Array.isArray(categories) ? categories : []).flatMap((category: unknown) =>
      isObject(category) && isId(category.id) && typeof category.name === 'string'
        ? [[category.id, { id: category.id, name: category.name }]]
        : [],
    ),
  );
  return {
    file,
    images: images.map((image: unknown, k) => {
      if (!isObject(image) || !isId(image.id) || typeof image.file_name !== 'string') {
        throw noImageIds(file, `images[${k}] has no id or no file_name`);
      }
      const { id, file_name, width, height } = image;
      const hasSize = typeof width === 'number' && typeof height === 'number';
      const size = hasSize ? { width, height } : { width: 0, height: 0 };
      return { id, fileName: file_name.replaceAll('\\', '/').replace(/^\.\//, ''), ...size };
    }),
    categories: [...named.values()].sort((a, b) => a.id - b.id),
  };
}

function noImageIds(file: string, reason: string): InputError {
  return new InputError('no-image-ids', `${file}: ${reason}; a COCO file with these pictures is expected`, {
    file,
  });
}
