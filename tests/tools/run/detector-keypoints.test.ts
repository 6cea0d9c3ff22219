import { CocoDataset, type CocoAnnotation } from '../../../datasets/coco/annotations';
import { parseAssignment } from '../../../tools/config/assignments';
import { completeConfiguration, type CompleteConfiguration } from '../../../tools/config/complete';
import { loadConfiguration } from '../../../tools/config/load';
import { detectorKeypoints, requireSameKeypoints, sayMirrored } from '../../../tools/run/detector-keypoints';
import { thrownBy } from '../../thrown';
import { Printed } from '../cli/printed';

const printed = new Printed();

function configured(...assignments: string[]): CompleteConfiguration {
  const all = ['data.trainAnnotations=a.json', 'data.trainImages=images', ...assignments];
  return completeConfiguration(loadConfiguration({ assignments: all.map(parseAssignment), options: {} }));
}

/** A set of one object, whose category lists these keypoints. */
function setOf(keypoints: readonly string[] | undefined, numbers: readonly number[] = []): CocoDataset {
  const images = [{ id: 1, fileName: 'a.png', width: 20, height: 10 }];
  const annotation: CocoAnnotation = {
    ...{ id: 1, imageId: 1, categoryId: 1, bbox: [1, 1, 5, 5], area: 25, isCrowd: false },
    ...(numbers.length > 0 && { keypoints: numbers }),
  };
  const categories = [{ id: 1, name: 'mouse', ...(keypoints && { keypoints }) }];
  return new CocoDataset('a.json', 'images', images, categories, [annotation], []);
}

const names = ['nose', 'l_ear', 'r_ear'];

test('a model that finds keypoints finds those of its training set; another one none', () => {
  const name = 'model.name=keypointrcnn_tiny_fpn';
  const set = setOf(names);
  expect(detectorKeypoints(set, configured('model.name=fasterrcnn_tiny_fpn'))).toBeUndefined();
  expect(detectorKeypoints(set, configured(name))).toEqual({ names, flipPairs: [[1, 2]], skeleton: [] });
  const own = ['data.keypointFlipPairs=[[nose, r_ear]]', 'data.keypointSigmas=[0.1, 0.2, 0.3]'];
  expect(detectorKeypoints(set, configured(name, ...own))).toEqual({
    ...{ names, skeleton: [] },
    ...{ flipPairs: [[0, 2]], sigmas: [0.1, 0.2, 0.3] },
  });
});

test('which keypoints change places is said where pictures are mirrored', () => {
  const layout = { names, flipPairs: [[1, 2]] as const, skeleton: [] };
  sayMirrored(layout, 0);
  expect(printed.stderr).toBe('');
  sayMirrored(layout, 0.5);
  expect(printed.stderr).toMatch(/keypoints that change places in mirrored pictures: l_ear and r_ear\n/);
  printed.clear();
  sayMirrored({ ...layout, flipPairs: [] }, 0.5);
  expect(printed.stderr).toMatch(
    /no keypoint changes places.*: nose, l_ear, r_ear \(data\.keypointFlipPairs/,
  );
});

test('a set with other keypoints, or with these in another order, is refused', () => {
  const wanted = { names, flipPairs: [], skeleton: [] };
  for (const others of [names.slice(1), [...names].reverse()]) {
    const error = thrownBy(() =>
      requireSameKeypoints(setOf(others), wanted, 'runs/a/best', '; do something'),
    );
    expect(error).toMatchObject({ code: 'other-keypoints', facts: { names: others, wanted: names } });
    expect((error as Error).message).toMatch(
      /^a\.json: .* not those of runs\/a\/best.* here, nose, l_ear, r_ear there; do something$/,
    );
  }
  requireSameKeypoints(setOf(names), wanted, 'runs/a/best');
  requireSameKeypoints(setOf(undefined), wanted, 'runs/a/best'); // has none
  requireSameKeypoints(setOf(names), undefined, 'runs/a/best');
  expect(printed.stderr).toBe('');
});

test('keypoints without names are taken for those with names, if they are as many, and that is said', () => {
  const wanted = { names, flipPairs: [], skeleton: [] };
  requireSameKeypoints(setOf(undefined, [1, 1, 2, 2, 2, 2, 3, 3, 2]), wanted, 'runs/a/best');
  expect(printed.stderr).toMatch(
    /a\.json: its keypoints are taken to be those of runs\/a\/best, in this order: nose, l_ear, r_ear\n/,
  );
  const fewer = setOf(undefined, [1, 1, 2, 2, 2, 2]);
  expect(thrownBy(() => requireSameKeypoints(fewer, wanted, 'runs/a/best'))).toMatchObject({
    code: 'other-keypoints',
  });
});
