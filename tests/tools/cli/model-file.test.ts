import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { main } from '../../../tools/cli/main';
import { readCheckpointState } from '../../../weights/checkpoints/checkpoint';
import { Workplace } from './workplace';

const workplace = new Workplace();
const library = JSON.stringify(path.resolve(__dirname, '../../../detection'));

/** A model, as a user writes it. */
function modelFile(name: string, model: string): string {
  const file = workplace.at(`${name}.js`);
  writeFileSync(
    file,
    `const { defineModel, fasterRcnnModel } = require(${library});
module.exports = defineModel(fasterRcnnModel('fasterrcnn_tiny_fpn'), { name: ${JSON.stringify(model)}, headFeatures: 12 });
`,
  );
  return file;
}

test('a model of a file is trained, gone on with, used, and asked for where nobody has named its file', async () => {
  const file = modelFile('mine', 'mine');
  const output = workplace.at('mine');
  expect(await workplace.train(output, '--model', file, '--iterations', '2')).toBe(0);
  expect(readFileSync(path.join(output, 'config.yaml'), 'utf8')).toContain('name: mine\n');
  const last = path.join(output, 'last');
  expect(readCheckpointState(last).metadata).toMatchObject({ model: 'mine' });

  // What a run says of how to go on names the file too.
  const diverging = ['--set', 'optimizer.lr=1e30', '--iterations', '9'];
  workplace.stderr = '';
  expect(await workplace.train(workplace.at('diverging'), '--model', file, ...diverging)).toBe(2);
  expect(workplace.stderr).toContain(`--resume --model ${file} `);

  // Another process, in which the model is not known.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined); // TensorFlow.js minds being loaded twice
  await jest.isolateModulesAsync(async () => {
    const { main: elsewhere } =
      jest.requireActual<typeof import('../../../tools/cli/main')>('../../../tools/cli/main');
    const resume = ['train', '--output', output, '--resume', '--iterations', '3'];
    expect(await elsewhere(resume)).toBe(2);
    expect(workplace.stderr).toMatch(
      /not "mine"; a model of your own is known once --model FILE\.js names its file/,
    );
    const picture = path.join(workplace.scenes, 'images', '000001.jpg');
    const found = workplace.at('found.json');
    const detect = ['detect', '--weights', last, '--json', found, picture];
    workplace.stderr = '';
    expect(await elsewhere(detect)).toBe(2);
    expect(workplace.stderr).toContain(`${last}: is of the model mine, which is not known here`);
  });
  expect(await main(['train', '--output', output, '--resume', '--iterations', '3', '--model', file])).toBe(0);
  expect(readCheckpointState(last).iteration).toBe(3);
});

test.each([
  [
    'a name that is taken',
    () => modelFile('taken', 'fcos_tiny_fpn'),
    'there is another model of the name fcos_tiny_fpn',
  ],
  ['no file', () => './gone.js', './gone.js: there is no such file; a JavaScript module is expected'],
  [
    'no model',
    () => {
      const file = workplace.at('nothing.js');
      writeFileSync(file, 'module.exports = { name: "nothing" };');
      return file;
    },
    'its default export is no model; defineModel(base, { name, ... }) makes one',
  ],
])('a file that cannot be used is refused: %s', async (_, file, expected) => {
  expect(await main(['config', '--model', file()])).toBe(2);
  expect(workplace.stderr).toContain(expected);
});
