import { ImageError } from '../image-error';

/** A format of pictures that cannot be read here, and what to do about it. */
interface ForeignFormat {
  readonly name: string;
  /** Commands that make a picture of it that can be read, or what else helps. */
  readonly remedy: string;
}

const MAGICK = '`magick IN OUT.png` (ImageMagick) converts it';
const RAW: ForeignFormat = {
  name: 'RAW',
  remedy: '`dcraw -c -w IN | magick - OUT.jpg`, or the program of the camera, develops it',
};

/** How files begin. Bytes are given as latin1; `at` is where they stand, default 0. */
const SIGNATURES: readonly (ForeignFormat & { readonly at?: number; readonly bytes: string })[] = [
  { name: 'JPEG XL', bytes: '\xff\x0a', remedy: '`djxl IN OUT.png` (libjxl) converts it' },
  { name: 'JPEG XL', bytes: 'JXL ', at: 4, remedy: '`djxl IN OUT.png` (libjxl) converts it' },
  {
    name: 'JPEG 2000',
    bytes: 'jP  ',
    at: 4,
    remedy: '`opj_decompress -i IN -o OUT.png` (OpenJPEG) converts it',
  },
  {
    name: 'JPEG 2000',
    bytes: '\xff\x4f\xff\x51',
    remedy: '`opj_decompress -i IN -o OUT.png` (OpenJPEG) converts it',
  },
  { name: 'PSD', bytes: '8BPS', remedy: "`magick 'IN[0]' OUT.png` (ImageMagick) converts it" },
  { name: 'PDF', bytes: '%PDF', remedy: '`pdftoppm -png -r 150 IN OUT` (poppler) draws its pages' },
  { name: 'DICOM', bytes: 'DICM', at: 128, remedy: '`dcm2img IN OUT.png` (DCMTK) converts it' },
  { name: 'OpenEXR', bytes: '\x76\x2f\x31\x01', remedy: MAGICK },
  { name: 'FITS', bytes: 'SIMPLE  =', remedy: MAGICK },
  { name: 'ICO', bytes: '\0\0\x01\0', remedy: MAGICK },
  { name: 'PAM', bytes: 'P7\n', remedy: MAGICK },
  { ...RAW, bytes: 'CR\x02', at: 8 },
  { ...RAW, bytes: 'ftypcrx ', at: 4 },
  { ...RAW, bytes: 'FUJIFILMCCD-RAW' },
  { ...RAW, bytes: 'IIU\0' },
  { ...RAW, bytes: 'IIRO' },
];

const HEIC: ForeignFormat = {
  name: 'HEIC',
  remedy:
    '`heif-convert IN OUT.jpg` (libheif), `sips -s format jpeg IN --out OUT.jpg` (macOS) or `magick IN OUT.jpg` converts it; ' +
    'telephones can be set to take JPEG ("Most Compatible")',
};

/** Brands of files whose pictures are encoded as HEVC. AVIF's can be read. */
const HEIC_BRANDS = ['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'hevm', 'hevs'];

/** Cameras' files that are TIFF files: all that could be read of them is a preview. */
const RAW_NAME = /\.(nef|nrw|arw|srf|sr2|dng|pef|srw|3fr|erf|kdc|dcr|mos|iiq)$/i;

/** So many bytes of a file tell its format. */
export const SIGNATURE_BYTES = 132;

/**
 * Refuses the formats that people have and that cannot be read here, with what to do about it.
 *
 * @param start the first SIGNATURE_BYTES of the file, or more
 * @throws ImageError
 */
export function refuseForeign(start: Buffer, file: string): void {
  const format = foreignFormat(start, file);
  if (format !== undefined) throw refusal(format, file);
}

/** The error of a HEIC picture. Some look like AVIF until their compression is known. */
export function heicRefusal(file: string): ImageError {
  return refusal(HEIC, file);
}

function refusal({ name, remedy }: ForeignFormat, file: string): ImageError {
  return new ImageError(file, `${name} pictures cannot be read; ${remedy}`, 'unknown type', { format: name });
}

function foreignFormat(start: Buffer, file: string): ForeignFormat | undefined {
  const has = (bytes: string, at: number): boolean =>
    start.subarray(at, at + bytes.length).toString('latin1') === bytes;
  if (has('ftyp', 4) && HEIC_BRANDS.some((brand) => has(brand, 8))) return HEIC;
  if (RAW_NAME.test(file) && (has('II*\0', 0) || has('MM\0*', 0))) return RAW;
  return SIGNATURES.find(({ bytes, at = 0 }) => has(bytes, at));
}
