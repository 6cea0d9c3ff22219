import { namesWithHints } from '../../datasets/coco/categories/describe-match';
import type { LoadedWeights } from '../../weights/detectors/load-weights';

/** What start weights have filled, a line each: `w.pth: 60 entries loaded into the whole detector`. */
export function describeLoaded(loaded: LoadedWeights): string[] {
  const { file, entries } = loaded;
  const lines = [
    `${entries.length} entries ${placeOf(loaded)}`,
    ...categoryLines(loaded),
    ...keypointLines(loaded),
    ...headLines(loaded),
  ];
  return lines.map((line) => `${file}: ${line}`);
}

function placeOf({ filled, numClasses }: LoadedWeights): string {
  switch (filled) {
    case 'detector':
      return 'loaded into the whole detector';
    case 'backbone':
      return 'of an image classifier loaded into the backbone; the rest is initialized at random';
    case 'common-categories':
      return 'loaded into the detector; of its predictor only the background and the categories of the same name';
    case 'all-but-predictor':
      return (
        'loaded into the detector except its predictor, ' +
        `which has ${numClasses} classes there and is initialized at random`
      );
  }
}

/** Which rows of the predictor come from where, unless all are the file's in its order. */
function categoryLines({ filled, match }: LoadedWeights): string[] {
  if (!match || (match.by === 'number' && filled !== 'detector')) return [];
  const { by, ofDetector, meant, onlyOfDetector: dropped, onlyOfDataset: drawn } = match;
  const taken = meant.flatMap((category) => category ?? []);
  if (by === 'number') {
    if (taken.every(({ name }, k) => name === ofDetector[k].name)) return [];
    return [
      `it does not say which categories it has, or the data set does not: taken for ${namesWithHints(taken)}`,
    ];
  }
  const isAll = taken.length === ofDetector.length && drawn.length === 0;
  const inOrder = taken.every(({ id }, k) => k === 0 || id > taken[k - 1].id);
  return [
    ...(taken.length > 0 && !(isAll && inOrder)
      ? [`predictor rows taken over by name: ${namesWithHints(taken)}`]
      : []),
    ...(drawn.length > 0
      ? [`predictor rows initialized at random: ${namesWithHints(drawn, dropped, 'the weights have')}`]
      : []),
    ...(dropped.length > 0
      ? [
          `categories of the weights that the data set lacks: ${namesWithHints(dropped, drawn, 'the data set has')}`,
        ]
      : []),
  ];
}

function keypointLines({ otherKeypoints, renamedKeypoints }: LoadedWeights): string[] {
  if (renamedKeypoints) {
    return [
      `its keypoints have other names than the data set’s, or another order: ${renamedKeypoints.join(', ')}; each keypoint of the ` +
        'data set starts from the one at its place',
    ];
  }
  if (otherKeypoints === undefined) return [];
  return [
    `of a detector of ${otherKeypoints} keypoint${otherKeypoints === 1 ? '' : 's'}, other than the data set’s: the keypoint ` +
      'predictor is initialized at random',
  ];
}

function headLines({ missingHeads = [] }: LoadedWeights): string[] {
  return missingHeads.map(
    (head) => `of a detector that finds no ${head}: the head that does is initialized at random`,
  );
}
