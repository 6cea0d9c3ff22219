import type { CocoDataset } from '../../datasets/coco/annotations';
import { textTable, tableName } from '../../datasets/text-table';
import { writeWholeFile } from '../../detection/files/whole-file';
import type { LoadedDetector } from '../../weights/detectors/load-detector';
import { interruptible } from '../terminal/interruption';
import { writeJson } from '../terminal/output-files';
import { logLine, Progress } from '../terminal/progress';
import { evidenceOf, type ImageEvidence } from './evidence';
import { inspectImages } from './inspect-images';
import { asDetectorSees } from './open-inspection';
import { rankSuspects, type Ranking, type Suspect } from './rank-suspects';
import { suspectsPage } from './suspects-page';

/** Where a ranking goes. */
export interface SuspectsOutput {
  readonly weights: string;
  /** Of the sampler, for each image. */
  readonly draws: number;
  readonly json?: string | undefined;
  readonly page?: string | undefined;
}

/** That are printed. */
const NUM_PRINTED = 20;

/**
 * Ranks what a data set says by the losses that a detector has of it. Returns lines to print.
 *
 * @param set with its pictures
 * @throws InputError where detector and set have nothing in common; ImageError; Interrupted
 */
export async function findSuspects(
  set: CocoDataset,
  detector: LoadedDetector,
  { weights, draws, json, page }: SuspectsOutput,
): Promise<string[]> {
  const { model, categories } = detector;
  const seen = asDetectorSees(set, detector, () => undefined);
  return interruptible(async (signal) => {
    const progress = new Progress('losses');
    const evidence: ImageEvidence[] = [];
    const seeds = Array.from({ length: draws }, (_, draw) => draw);
    for await (const inspected of inspectImages(model, seen, seeds, signal)) {
      evidence.push(evidenceOf(inspected));
      progress.update(evidence.length, set.images.length);
    }
    const ranking = rankSuspects(evidence, categories);
    const about = { model: model.definition.name, weights, draws };
    if (page !== undefined) {
      const shown = await suspectsPage(ranking, { ...about, set, signal });
      writeWholeFile(page, shown, { makeFolder: true });
      logLine(`${page}: written`);
    }
    if (json !== undefined) writeJson(json, { ...about, annotations: set.file, ...ranking });
    return linesOf(ranking);
  });
}

function linesOf({ suspects }: Ranking): string[] {
  const rows = suspects
    .slice(0, NUM_PRINTED)
    .map((suspect, i) => [
      String(i + 1),
      tableName(suspect.file_name),
      suspect.annotation_id === undefined ? 'missing?' : `annotation ${suspect.annotation_id}`,
      tableName(suspect.category),
      tableName(sightOf(suspect)),
      suspect.because,
      suspect.suspicion.toFixed(1),
    ]);
  if (rows.length === 0) return [];
  const head = ['', 'picture', 'what', 'category', 'the detector sees', 'loss', 'x typical'];
  return [`most suspicious of ${suspects.length}:`, ...textTable([head, ...rows], head.length - 1)];
}

/** `RBC 0.98`; nothing where it sees nothing. */
export function sightOf({ seen }: Suspect): string {
  return seen === undefined ? 'nothing' : `${seen.category} ${seen.score.toFixed(2)}`;
}
