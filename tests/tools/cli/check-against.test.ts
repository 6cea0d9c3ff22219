import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CocoFile } from '../../../datasets/coco/coco-file';
import { main } from '../../../tools/cli/main';
import { Workplace } from './workplace';

const workplace = new Workplace();

test('pictures that stand in two sets are listed by check, and told before a training', async () => {
  const images = path.join(workplace.scenes, 'images');
  const [train, val] = ['train.json', 'val.json'].map((name) => path.join(workplace.scenes, name));
  const check = ['check', '--annotations', train, '--images', images, '--against'];
  expect(await main([...check, val])).toBe(0);
  expect(workplace.stdout).toContain('in both sets: 0 pairs\nnearly the same in both sets: 0 pairs\n');

  const { images: listed, ...rest } = JSON.parse(readFileSync(val, 'utf8')) as CocoFile;
  const { images: trained } = JSON.parse(readFileSync(train, 'utf8')) as CocoFile;
  copyFileSync(path.join(images, trained[2].file_name), path.join(images, 'copy.jpg'));
  const leaky = workplace.at('leaky.json');
  const first = { ...listed[0], file_name: 'copy.jpg' };
  writeFileSync(leaky, JSON.stringify({ ...rest, images: [first, ...listed.slice(1)] }));
  workplace.stdout = '';
  expect(await main([...check, leaky, '--against-images', images])).toBe(0);
  expect(workplace.stdout).toContain(
    `in both sets: 1 pair\n  "${trained[2].file_name}" (image ${trained[2].id}), "copy.jpg" (image ${first.id})\n`,
  );

  const output = workplace.at('run');
  const more = ['--val-annotations', leaky, '--val-images', images, '--iterations', '1'];
  expect(await workplace.train(output, ...more)).toBe(0);
  expect(workplace.stderr).toContain(`1 picture of ${leaky} is in ${train} too ("copy.jpg")`);
});
