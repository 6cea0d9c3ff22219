import { modelDefinition } from '../../../detection/modeling/definitions';
import { publicationOf } from '../../../weights/detectors/locate-weights';
import { thrownBy } from '../../thrown';

test('published weights are found by their name and the model’s; what there is not is refused', () => {
  const v2 = modelDefinition('fasterrcnn_resnet50_fpn_v2');
  expect(publicationOf('COCO_V2', v2)).toEqual({ definition: v2, weights: v2.published['COCO_V1'] });
  expect(thrownBy(() => publicationOf('COCO_V2', undefined))).toMatchObject({
    code: 'model-missing',
    facts: { weights: 'COCO_V2' },
  });
  for (const model of ['fasterrcnn_resnet50_fpn', 'fasterrcnn_tiny_fpn']) {
    expect(thrownBy(() => publicationOf('COCO_V2', modelDefinition(model)))).toMatchObject({
      code: 'weights-not-published',
      facts: { weights: 'COCO_V2', model },
    });
  }
});
