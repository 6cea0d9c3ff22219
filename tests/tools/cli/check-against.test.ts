import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import type { CocoFile } from '../../../datasets/coco/coco-file';
import { main } from '../../../tools/cli/main';
import { Workplace } from './workplace';
import { CocoDataset } from '../../../datasets/coco/annotations';
import { noteSharedPictures } from '../../../tools/run/duplicate-pictures';

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
  const second = { ...listed[1], file_name: 'near.png' };
  await sharp(path.join(images, trained[1].file_name)).toFile(path.join(images, second.file_name));
  writeFileSync(leaky, JSON.stringify({ ...rest, images: [first, second] }));
  workplace.stdout = '';
  expect(await main([...check, leaky, '--against-images', images])).toBe(0);
  expect(workplace.stdout).toContain(
    `in both sets: 1 pair\n  "${trained[2].file_name}" (image ${trained[2].id}), "copy.jpg" (image ${first.id})\n`,
  );

  const output = workplace.at('run');
  const more = ['--val-annotations', leaky, '--val-images', images, '--iterations', '1'];
  expect(await workplace.train(output, ...more)).toBe(0);
  const measured = 'what is measured on them says little; rcnn check --against lists them\n';
  expect(workplace.stderr).toContain(`1 picture of ${leaky} is in ${train} too ("copy.jpg"): ${measured}`);
  const near = `1 picture of ${leaky} is nearly the same as pictures of ${train} ("near.png"): ${measured}`;
  expect(workplace.stderr).toContain(near);
  expect(workplace.stderr).not.toContain('not been looked for');
  workplace.stderr = '';
  expect(await main(['train', '--output', output, '--resume', '--iterations', '2'])).toBe(0);
  expect(workplace.stderr).not.toMatch(/copy|near\.png/);
});

test('of sets with more pictures than are decoded, files are compared, and it is said that this is all', async () => {
  const images = Array.from({ length: 1001 }, (_, k) => ({
    id: k,
    fileName: `${k}.jpg`,
    width: 1,
    height: 1,
  }));
  const setOf = (folder: string): CocoDataset =>
    new CocoDataset(`${folder}.json`, workplace.at(folder), images, [], [], []);
  await noteSharedPictures(setOf('train'), setOf('val'));
  expect(workplace.stderr).toBe(
    'pictures of val.json that are nearly the same as some of train.json have not been looked for, since the sets have ' +
      'more than 2000 pictures; rcnn check --against finds them\n',
  );
});
