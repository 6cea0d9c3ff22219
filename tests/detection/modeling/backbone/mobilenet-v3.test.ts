import * as tf from '@tensorflow/tfjs-core';
import type { LayerStyle } from '../../../../detection/modeling/backbone/inverted-residual';
import {
  MobileNetV3,
  splitName,
  SplitMobileNetV3,
} from '../../../../detection/modeling/backbone/mobilenet-v3';
import type { Module, Parameter } from '../../../../detection/nn/module';
import { BatchNorm } from '../../../../detection/nn/normalization';
import { RandomStream } from '../../../../detection/nn/random';
import { expectNoTensorLeaks } from '../../tensor-leaks';

expectNoTensorLeaks();

const style = (): LayerStyle => ({
  padding: 'symmetric',
  normalization: (channels) => new BatchNorm(channels),
  random: new RandomStream(1, 'init'),
});

function entriesOf(module: Module): Map<string, Parameter> {
  return new Map([...module.namedParameters(), ...module.namedBuffers()]);
}

test('cut in the middle of C4 it computes the same, and has the map before the cut', () => {
  const whole = new MobileNetV3({ ...style(), trainableLayers: 6 });
  const split = new SplitMobileNetV3('full', 6, { ...style(), random: new RandomStream(2, 'init') });
  const theirs = entriesOf(split);
  const filled = new Set<string>();
  for (const [name, { value }] of entriesOf(whole)) {
    const own = splitName(name);
    theirs.get(own)!.variable.assign(value);
    filled.add(own);
  }
  expect(filled).toEqual(new Set(theirs.keys()));
  const x: tf.Tensor4D = tf.randomUniform([1, 64, 96, 3], -1, 1, 'float32', 1);
  const [ofWhole, ofSplit] = [whole, split].map((body) => body.forward(x));
  expect(ofSplit.map(({ shape }) => shape)).toEqual([
    [1, 4, 6, 672],
    [1, 2, 3, 960],
  ]);
  expect(ofSplit[1].dataSync()).toEqual(ofWhole[1].dataSync());
  tf.dispose([x, ofWhole, ofSplit]);
  whole.dispose();
  split.dispose();
});

test.each([
  ['the stem', '0.0.weight', '0.0.0.weight'],
  ['a block before C4', '12.block.3.1.bias', '0.12.block.3.1.bias'],
  ['C4’s expansion', '13.block.0.1.weight', '0.13.1.weight'],
  ['the rest of C4', '13.block.2.fc1.bias', '1.0.2.fc1.bias'],
  ['a block behind', '14.block.0.0.weight', '1.1.block.0.0.weight'],
  ['the last layer', '16.1.running_var', '1.3.1.running_var'],
])('names: %s', (_, whole, split) => {
  expect(splitName(whole)).toBe(split);
});

test('the reduced tail has half of the channels from C4 on', () => {
  const body = new SplitMobileNetV3('reduced', 6, style());
  const shape = (name: string) => entriesOf(body).get(name)!.shapeOnDisk;
  expect(body.outChannels).toEqual([672, 480]);
  expect(shape('1.0.3.0.weight')).toEqual([80, 672, 1, 1]);
  expect(shape('1.1.block.2.fc1.weight')).toEqual([120, 480, 1, 1]);
  expect(shape('0.12.block.3.0.weight')).toEqual([112, 672, 1, 1]);
  body.dispose();
});

// torchvision, ssdlite.py: C4 is frozen as a whole, before it is cut.
test.each([
  [0, ['0.0', '0.12', '0.13', '1.0', '1.2', '1.3'], []],
  [1, ['0.0', '0.12', '0.13', '1.0', '1.2'], ['1.3']],
  [2, ['0.0', '0.12'], ['0.13', '1.0', '1.2', '1.3']],
  [6, [], ['0.0', '0.12', '0.13', '1.0', '1.2', '1.3']],
])('with %i trainable layers of six %p are frozen', (trainableLayers, frozen, trained) => {
  const body = new SplitMobileNetV3('reduced', trainableLayers, style());
  const isTrained = (layer: string): boolean[] => [
    ...new Set(
      [...body.namedParameters()]
        .filter(([name]) => name.startsWith(`${layer}.`))
        .map(([, parameter]) => parameter.trainable),
    ),
  ];
  for (const layer of frozen) expect([layer, isTrained(layer)]).toEqual([layer, [false]]);
  for (const layer of trained) expect([layer, isTrained(layer)]).toEqual([layer, [true]]);
  body.dispose();
});
