import type { Size } from '../../../detection/structures/size';
import { ImageError } from '../image-error';

/** A format of pixels without much around them, which sharp does not read. */
export interface PlainFormat {
  /** Whether the first bytes of a file are those of the format. */
  recognizes(start: Buffer): boolean;
  /**
   * The size that a file declares.
   *
   * @param start its first bytes: MAX_HEADER_BYTES of them, or all
   * @throws ImageError
   */
  readSize(start: Buffer, file: string): Size;
  /**
   * RGB, row by row, [height, width, 3], as PIL's convert('RGB') gives it.
   *
   * @throws ImageError
   */
  decode(bytes: Buffer, file: string): Uint8Array;
}

/** The header of a file of a plain format ends before. */
export const MAX_HEADER_BYTES = 65_536;

/** The error of a picture that is damaged in this way. */
export function damaged(file: string, how: string): ImageError {
  return new ImageError(file, `the picture is damaged: ${how}`, 'damaged');
}
