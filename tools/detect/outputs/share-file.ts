import { cocoDetections, type MaskForm } from '../../../datasets/evaluation/detect-images';
import type { StagedFiles } from '../../../detection/files/staged-files';
import type { Shard } from '../../shards/shard';
import { shardText, type ShardFile } from '../../shards/shard-file';
import type { DetectionOutput, FoundPicture, PictureInput } from './found-picture';
import { pictureEntry } from './json-file';
import { writeResultFile } from './result-file';

/** A share of the pictures of a job. */
export interface Share {
  readonly shard: Shard;
  /** What the shares of the job have in common. */
  readonly made: Readonly<Record<string, unknown>>;
}

/** The file of `--json` of a share: its detections, and which share of what it is. */
export class ShareFile implements DetectionOutput {
  private readonly entries: ShardFile['entries'] = [];
  private readonly places: ReadonlyMap<PictureInput, number>;

  /** @param inputs the pictures of all shares */
  constructor(
    private readonly file: string,
    private readonly staged: StagedFiles,
    private readonly masks: MaskForm | undefined,
    private readonly share: Share,
    inputs: readonly PictureInput[],
  ) {
    this.places = new Map(inputs.map((input, place) => [input, place]));
  }

  add({ input, size, detections, categories }: FoundPicture): void {
    const content = pictureEntry(input.file, size, cocoDetections(detections, categories, this.masks));
    this.entries.push({ place: this.places.get(input)!, content });
  }

  finish(): undefined {
    const { shard, made } = this.share;
    const total = this.places.size;
    const text = shardText({ shardOf: 'detect', ...shard, total, made, places: {}, entries: this.entries });
    writeResultFile(this.staged, this.file, text);
  }
}
