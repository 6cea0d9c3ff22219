import { modelDefinition } from '../../../detection/modeling/definitions';
import { withSettings } from '../../../detection/modeling/settings';
import { requireSettings } from '../../../tools/config/model-settings';

const definition = modelDefinition('fasterrcnn_tiny_fpn');
const own = definition.settings.values;

test('settings that do not go with the classes of a detector are refused as keys of a configuration', () => {
  const values = withSettings(own, { losses: { classWeights: [1, 2] } });
  expect(() => requireSettings(definition, values, 2)).not.toThrow();
  expect(() => requireSettings(definition, values, 3)).toThrow(
    expect.objectContaining({
      code: 'configuration',
      facts: {
        faults: [expect.stringMatching(/^model\.losses\.classWeights: has 2 weights, but there are 3/)],
      },
    }) as Error,
  );
});
