import { objectsIn, type DetectionOutput, type FoundPicture } from './found-picture';

const COLUMNS = 'file,width,height,xmin,ymin,xmax,ymax,score,category_id,category';

/** `--format csv`: a row for each object, in full precision; names are quoted where they have to be (RFC 4180). */
export class CsvFormat implements DetectionOutput {
  private readonly rows = [COLUMNS];

  /** @param write gets the file's contents; returns what is to be printed. */
  constructor(private readonly write: (content: string) => string | undefined) {}

  add(found: FoundPicture): void {
    const { file } = found.input;
    const { width, height } = found.size;
    for (const { box, score, category } of objectsIn(found)) {
      this.rows.push(
        [file, width, height, ...box, score, category.id, category.name].map(csvValue).join(','),
      );
    }
  }

  finish(): string | undefined {
    return this.write(`${this.rows.join('\n')}\n`);
  }
}

function csvValue(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
