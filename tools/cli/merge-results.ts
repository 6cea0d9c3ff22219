import type { Command } from 'commander';
import { evaluationsJson, formatEvaluations } from '../../datasets/evaluation/format';
import { InputError } from '../../detection/errors';
import { writeWholeFile } from '../../detection/files/whole-file';
import { picturesText } from '../detect/outputs/json-file';
import { evaluationsIn } from '../run/evaluation-tasks';
import { mergeEvaluation } from '../shards/merge-evaluation';
import { readShards } from '../shards/shard-file';
import { requireFileName, writeJson } from '../terminal/output-files';
import { pluralize } from '../terminal/pluralize';
import { logLine } from '../terminal/progress';
import { terminalText } from '../terminal/terminal-text';
import { requiredOption } from './options';

interface MergeResultsOptions {
  readonly annotations?: string;
  readonly images?: string;
  readonly json?: string;
}

/** `rcnn merge-results`. */
export function mergeResultsCommand(command: Command): void {
  command
    .argument('<file...>', 'what rcnn detect or rcnn evaluate have written with --shard, of all shares')
    .option('--json <file>', 'what one process would have written; needed for rcnn detect')
    .option('--annotations <file>', 'where the annotations are now (default: where the shares had them)')
    .option('--images <dir>', 'where the pictures are now (default: where the shares had them)')
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn evaluate --weights best --annotations val.json --images images --shard 1/2 --json part-1.json
  $ rcnn evaluate --weights best --annotations val.json --images images --shard 2/2 --json part-2.json
  $ rcnn merge-results part-*.json

  $ rcnn detect --weights best --shard $SLURM_ARRAY_TASK_ID/8 --json part-$SLURM_ARRAY_TASK_ID.json pictures/
  $ rcnn merge-results --json found.json part-*.json

The results are those of one process, to the digit. A share that is missing, there twice, or of another job is refused.`,
    )
    .action(runMergeResults);
}

async function runMergeResults(
  files: readonly string[],
  { json, annotations, images }: MergeResultsOptions,
): Promise<void> {
  if (json !== undefined) requireFileName('--json', json, files);
  const merged = await readShards(files);
  if (merged.shardOf === 'detect') {
    if (annotations !== undefined || images !== undefined) {
      throw new InputError(
        'options-conflict',
        '--annotations and --images are for shares of rcnn evaluate; these are of rcnn detect',
      );
    }
    const file = requiredOption(json, '--json FILE');
    writeWholeFile(file, picturesText(file, merged.contents as object[]), { makeFolder: true });
    const numBroken = merged.total - merged.contents.length;
    if (numBroken > 0) logLine(`${pluralize(numBroken, 'picture')} of ${merged.total} could not be read`);
    return;
  }
  const { places } = merged;
  const { evaluation, asked } = await mergeEvaluation(
    merged,
    annotations ?? places['annotations'],
    images ?? places['images'],
  );
  const evaluations = evaluationsIn(evaluation, asked);
  if (json !== undefined) writeJson(json, evaluationsJson(evaluations));
  process.stdout.write(`${terminalText(formatEvaluations(evaluations))}\n`);
}
