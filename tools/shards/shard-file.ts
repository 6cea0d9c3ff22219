import { z } from 'zod';
import { readJsonFile } from '../../datasets/coco/json/json-file';
import { InputError } from '../../detection/errors';

const count = z.int().min(0);

const shardFile = z.object({
  /** The command that has written it. */
  shardOf: z.enum(['detect', 'evaluate']),
  number: count.min(1),
  of: count.min(1),
  /** Pictures of all shares. */
  total: count,
  /** What all shares have to have in common: hashes of weights and annotations, options. */
  made: z.record(z.string(), z.unknown()),
  /** Where the data were, for whoever merges the shares: not the same on all machines. */
  places: z.record(z.string(), z.string()),
  entries: z.array(z.object({ place: count, content: z.unknown() })),
});

/** What a process that has done one share leaves behind, as JSON. */
export type ShardFile = z.infer<typeof shardFile>;

/** The shares of one job, put together. */
export interface MergedShards extends Pick<ShardFile, 'shardOf' | 'total' | 'made' | 'places'> {
  /** In the order of one process. A picture that could not be used has none. */
  readonly contents: readonly unknown[];
}

/** The text of a file of a share. */
export function shardText(shard: ShardFile): string {
  const { entries, ...head } = shard;
  // An entry a line: files of COCO's size stay readable.
  const lines = entries.map((entry) => JSON.stringify(entry)).join(',\n');
  return `${JSON.stringify(head).slice(0, -1)},"entries":[\n${lines}\n]}\n`;
}

/**
 * Reads the files of all shares of one job.
 *
 * @throws InputError where a file is none, is of another job, is there twice, or one is missing.
 */
export async function readShards(files: readonly string[]): Promise<MergedShards> {
  const read: { file: string; shard: ShardFile }[] = [];
  for (const file of files) read.push({ file, shard: await readShard(file) });
  const [first] = read;
  for (const other of read.slice(1)) requireSameJob(first, other);
  const { of, shardOf, total, made, places } = first.shard;
  const byNumber = new Map<number, string>();
  for (const { file, shard } of read) {
    const before = byNumber.get(shard.number);
    if (before !== undefined) {
      throw new InputError('shard-twice', `${file}: is share ${shard.number} of ${of}, and so is ${before}`, {
        file,
        other: before,
        number: shard.number,
      });
    }
    byNumber.set(shard.number, file);
  }
  const missing = Array.from({ length: of }, (_, k) => k + 1).filter((number) => !byNumber.has(number));
  if (missing.length > 0) {
    throw new InputError(
      'shards-missing',
      `of ${of} shares, ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing: give the files of all`,
      { missing, of },
    );
  }
  const entries = read.flatMap(({ shard }) => shard.entries).sort((a, b) => a.place - b.place);
  return { shardOf, total, made, places, contents: entries.map(({ content }) => content) };
}

async function readShard(file: string): Promise<ShardFile> {
  const result = shardFile.safeParse(await readJsonFile(file));
  if (!result.success) {
    throw new InputError('shard-invalid', `${file}: is no file that --shard has written`, { file });
  }
  const { number, of, total, entries } = result.data;
  const places = new Set(entries.map(({ place }) => place));
  const areOwn = entries.every(({ place }) => place < total && place % of === number - 1);
  if (number > of || !areOwn || places.size < entries.length) {
    throw new InputError(
      'shard-invalid',
      `${file}: contradicts itself: its pictures are not those of share ${number} of ${of}`,
      {
        file,
      },
    );
  }
  return result.data;
}

function requireSameJob(
  first: { file: string; shard: ShardFile },
  other: { file: string; shard: ShardFile },
): void {
  const facts = ({ shardOf, of, total, made }: ShardFile): Record<string, unknown> => ({
    command: shardOf,
    'number of shares': of,
    'number of pictures': total,
    ...made,
  });
  const [a, b] = [facts(first.shard), facts(other.shard)];
  const differing = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]),
  );
  if (differing.length === 0) return;
  throw new InputError(
    'shard-foreign',
    `${other.file}: is of another job than ${first.file}; they differ in ${differing.join(', ')}`,
    { file: other.file, other: first.file, differing },
  );
}
