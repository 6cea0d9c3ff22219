import { Metrics, type MetricsRow } from '../run/folder/metrics-file';
import { GrowingFile } from './growing-file';

/** A run's `metrics.jsonl`, read as it grows. */
export class FollowedMetrics {
  private readonly file: GrowingFile;
  private rows: MetricsRow[] = [];
  private rest = '';

  constructor(file: string) {
    this.file = new GrowingFile(file);
  }

  /** What the run has written. */
  get metrics(): Metrics {
    return new Metrics(this.rows);
  }

  /** Reads what is new. @returns whether there is anything */
  update(): boolean {
    const { bytes, isNew } = this.file.look();
    if (isNew) [this.rows, this.rest] = [[], ''];
    if (bytes.length === 0) return isNew;
    // Names of categories may have any letters, but a line ends between two of them.
    const end = bytes.lastIndexOf('\n') + 1;
    const lines = (this.rest + bytes.toString('latin1', 0, end)).split('\n');
    this.rest = (end === 0 ? this.rest : '') + bytes.toString('latin1', end);
    if (end === 0) return isNew;
    for (const line of lines) {
      if (line !== '') this.add(JSON.parse(Buffer.from(line, 'latin1').toString()) as MetricsRow);
    }
    return true;
  }

  /** A run that is resumed does the steps after its checkpoint again. */
  private add(row: MetricsRow): void {
    while ((this.rows.at(-1)?.iteration ?? -1) >= row.iteration) this.rows.pop();
    this.rows.push(row);
  }
}
