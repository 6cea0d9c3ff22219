import { eventValues, readEventRecords, readFields } from '../run/folder/event-records';
import { runEventFiles } from '../run/folder/run-folder';
import { GrowingFile } from './growing-file';

/** A picture of the validation set with its true objects (left) and those found (right), as the run has drawn it. */
export interface ValidationPicture {
  readonly name: string;
  /** Of the evaluation. */
  readonly step: number;
  /** A PNG or JPEG file. */
  readonly encoded: Buffer;
}

/** What the events of validation pictures are called before the picture's name. */
const TAG = 'val/picture/';

/** The validation pictures in a run's event files, the last one of each, read as the files grow. */
export class FollowedPictures {
  private readonly files = new Map<string, { readonly file: GrowingFile; rest: Buffer }>();
  private readonly byName = new Map<string, ValidationPicture>();

  /** @param folder of the run */
  constructor(private readonly folder: string) {}

  /** In the order in which they have come first. */
  get pictures(): readonly ValidationPicture[] {
    return [...this.byName.values()];
  }

  /** Reads what is new. @returns whether there is another picture */
  update(): boolean {
    let isChanged = false;
    for (const name of runEventFiles(this.folder).sort()) {
      const followed = this.files.get(name) ?? { file: new GrowingFile(name), rest: Buffer.alloc(0) };
      this.files.set(name, followed);
      const { bytes, isNew } = followed.file.look();
      if (bytes.length === 0) continue;
      const all = isNew ? bytes : Buffer.concat([followed.rest, bytes]);
      const { records, end } = readEventRecords(all);
      // A copy: the rest of a record must not keep megabytes.
      followed.rest = Buffer.from(all.subarray(end));
      for (const record of records) isChanged = this.add(record) || isChanged;
    }
    return isChanged;
  }

  private add(record: Buffer): boolean {
    const { step, values } = eventValues(record);
    const pictures = [...values].filter(([tag]) => tag.startsWith(TAG));
    for (const [tag, fields] of pictures) {
      // tensorflow.TensorProto in field 8; of its strings, in its field 8, the third is the file.
      const tensor = fields.get(8)?.[0];
      const encoded = Buffer.isBuffer(tensor) ? readFields(tensor).get(8)?.[2] : undefined;
      if (!Buffer.isBuffer(encoded)) continue;
      const name = tag.slice(TAG.length);
      this.byName.set(name, { name, step, encoded: Buffer.from(encoded) });
    }
    return pictures.length > 0;
  }
}
