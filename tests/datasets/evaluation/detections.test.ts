import { checkDetections, DetectionsError } from '../../../datasets/evaluation/detections';
import { thrownBy } from '../../thrown';
import { dataset } from './small-sets';

test('a box that is no list is refused, also where it comes first and decides how detections are given', () => {
  const set = dataset([{ imageId: 7, categoryId: 1, bbox: [10, 10, 20, 20] }]);
  for (const bbox of [null, 5, 'box']) {
    const error = thrownBy(() =>
      checkDetections([{ image_id: 7, category_id: 1, score: 0.5, bbox }], set, 'found.json'),
    );
    expect(error).toBeInstanceOf(DetectionsError);
    expect((error as DetectionsError).problems).toMatchObject([{ kind: 'box', place: '[0].bbox' }]);
  }
});
