import type { Command } from 'commander';
import { readCocoDataset } from '../../datasets/coco/read-dataset';
import { InputError } from '../../detection/errors';
import { modelDefinition } from '../../detection/modeling/definitions';
import { analyzeAnchors } from '../anchors/analyze-anchors';
import { anchorReportJson, formatAnchorReport } from '../anchors/anchor-report';
import { sizesAssignment } from '../anchors/anchor-sizes';
import type { Assignment } from '../config/assignments';
import { planConfiguration, type PlannedConfiguration } from '../config/complete';
import { configurationSources } from '../config/configuration-options';
import { loadConfiguration } from '../config/load';
import { detectorInput } from '../../detection/structures/image-sides';
import { settingsOf } from '../config/model-settings';
import { ignoringRegions } from '../run/ignore-regions';
import { leftOutCounts, requireObjects } from '../run/training-data';
import { requireFileName, writeJson } from '../terminal/output-files';
import { Progress, logLine } from '../terminal/progress';
import { shellWord, terminalText } from '../terminal/terminal-text';
import { collect, requiredOption, modelOption, wholeNumber } from './options';

interface AnchorsCommandOptions {
  readonly model?: string;
  readonly annotations?: string;
  readonly minSize?: number;
  readonly maxSize?: number;
  readonly skipInvalid?: boolean;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly json?: string;
}

/** Stands for files that this command does not ask for. */
const NOT_GIVEN = '(not given)';

/** `rcnn anchors`. */
export function anchorsCommand(command: Command): void {
  command
    .option(...modelOption('which detector, by torchvision’s name (fasterrcnn_resnet50_fpn)'))
    .option('--annotations <file>', 'COCO instances file; by default the training set of the configuration')
    .option('--min-size <n>', 'shorter side of the pictures after resizing, pixels', wholeNumber(1))
    .option('--max-size <n>', 'longer side at most, pixels', wholeNumber(1))
    .option('--skip-invalid', 'leave out invalid images, and images with invalid annotations')
    .option('--config <file>', 'YAML file with keys of the configuration; a run’s config.yaml is one')
    .option('--set <key=value>', 'set a key of the configuration; may be repeated', collect)
    .option('--json <file>', 'also write the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn anchors --model fasterrcnn_resnet50_fpn --annotations train.json
  $ rcnn anchors --model fasterrcnn_resnet18_fpn --annotations train.json --min-size 320 --max-size 533
  $ rcnn anchors --config runs/first/config.yaml --json anchors.json

Shows how well a model’s anchors cover the boxes of a data set, by size, shape and category, and proposes sizes where others
cover them better. It needs no pictures. docs/anchors.md says what the numbers mean.`,
    )
    .action(runAnchors);
}

/**
 * Prints how well anchors cover the boxes of a data set, and what to give rcnn train where other sizes do better.
 *
 * @throws InputError where the model has no anchors, training would refuse its configuration, or the data set is invalid.
 */
async function runAnchors(options: AnchorsCommandOptions): Promise<void> {
  const configuration = configurationOf(options);
  const { model, data } = configuration;
  const ofConfiguration = data.trainAnnotations === NOT_GIVEN ? undefined : data.trainAnnotations;
  const annotations = requiredOption(options.annotations ?? ofConfiguration, '--annotations FILE');
  if (options.json !== undefined) requireFileName('--json', options.json, [annotations]);
  const definition = modelDefinition(model.name);
  if (!definition.anchors) {
    throw new InputError('no-anchors', `${model.name} has no anchors that could be fitted to boxes`, {
      model: model.name,
    });
  }
  if (data.scaleJitter !== null) logLine('data.scaleJitter is ignored: boxes are measured without it');

  const read = await readCocoDataset(annotations, null, { skipInvalid: data.skipInvalid });
  for (const note of read.notes) logLine(`${annotations}: ${note}`);
  if (read.leftOut.problems.length > 0)
    logLine(`${annotations}: left out as invalid: ${leftOutCounts(read)}`);
  const dataset = ignoringRegions(read, { crowds: data.crowds, categories: data.ignoreCategories });
  requireObjects(dataset);
  const [overlaps, sizes] = [new Progress('overlaps of boxes'), new Progress('sizes')];
  const report = analyzeAnchors({
    dataset,
    definition,
    settings: settingsOf(definition, model),
    input: detectorInput(definition, model),
    minSizes: data.trainMinSizes,
    onOverlaps: (done, total) => overlaps.update(done, total),
    onSizes: (done, total) => sizes.update(done, total),
  });
  if (options.json !== undefined) {
    writeJson(options.json, anchorReportJson(report));
  }
  process.stdout.write(`${terminalText(formatAnchorReport(report))}\n`);
  if (report.sizes.kind === 'better')
    process.stdout.write(`\n--set ${shellWord(sizesAssignment(report.sizes.proposed))}\n`);
}

function configurationOf({
  model,
  minSize,
  maxSize,
  skipInvalid,
  config,
  set,
}: AnchorsCommandOptions): PlannedConfiguration {
  const sources = configurationSources({ model, skipInvalid, config, set });
  const least = `--min-size ${minSize}`;
  const sides: Assignment[] = [
    ...(minSize === undefined
      ? []
      : [
          { key: 'model.minSize', value: minSize, source: least },
          // What a configuration trains at does not count where a size is given here.
          { key: 'data.trainMinSizes', value: null, source: least },
        ]),
    ...(maxSize === undefined
      ? []
      : [{ key: 'model.maxSize', value: maxSize, source: `--max-size ${maxSize}` }]),
  ];
  return planConfiguration(
    loadConfiguration({
      ...sources,
      base: { data: { trainAnnotations: NOT_GIVEN, trainImages: NOT_GIVEN } },
      assignments: [...sources.assignments, ...sides],
    }),
  );
}
