import { modelDefinition } from '../../../detection/modeling/definitions';
import { lostInPytorch } from '../../../tools/run/lost-in-pytorch';
import { unnamedCategories } from '../../../weights/detectors/unnamed-categories';

const categories = [{ id: 4, name: 'a' }];

test('options that stand in for what is lost are named, the size of pictures always', () => {
  const definition = modelDefinition('fasterrcnn_resnet50_fpn');
  const input = {
    ...definition.input,
    resize: { kind: 'shorter-side', minSize: 128, maxSize: 213 },
  } as const;
  const [options, names, ...more] = lostInPytorch({ definition, options: { epsilon: 0, input }, categories });
  expect(options).toMatch(
    /the names of categories .*use it with --model fasterrcnn_resnet50_fpn --min-size 128 --max-size 213 --norm-epsilon 0$/,
  );
  expect(names).toMatch(/rcnn detect numbers its categories/);
  expect(more).toEqual([]);
  const own = lostInPytorch({ definition, options: {}, categories: unnamedCategories(90) });
  expect(own).toEqual([expect.stringMatching(/model and the size.*--min-size 800 --max-size 1333$/)]);
});

test('score thresholds are told, with the format that keeps them', () => {
  const definition = modelDefinition('fasterrcnn_resnet50_fpn');
  const scoreThresholds = { goal: 'precision=0.9', scores: [0.5] };
  const lines = lostInPytorch({ definition, options: {}, categories, scoreThresholds });
  expect(lines[2]).toMatch(
    /^its score thresholds \(precision=0\.9\) are lost, .* a \.safetensors file keeps them$/,
  );
});

test('what no option sets is told', () => {
  const definition = modelDefinition('ssdlite320_tiny');
  const input = { ...definition.input, resize: { kind: 'fixed', height: 512, width: 512 } } as const;
  const settings = { dense: { scoreThreshold: 0.5 } };
  const lines = lostInPytorch({ definition, options: { input, settings }, categories });
  expect(lines[0]).toMatch(/--model ssdlite320_tiny$/);
  expect(lines[2]).toMatch(/another way .*no option sets that: .*"height":512/);
  expect(lines[3]).toMatch(/no option sets them: .*"scoreThreshold":0.5/);
});
