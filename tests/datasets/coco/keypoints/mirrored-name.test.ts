import { mirroredName } from '../../../../datasets/coco/keypoints/mirrored-name';

test.each([
  ['left_eye', 'right_eye'],
  ['LeftEye', 'RightEye'],
  ['EYE_LEFT', 'EYE_RIGHT'],
  ['l_eye', 'r_eye'],
  ['eye-l', 'eye-r'],
  ['L_Eye', 'R_Eye'],
  ['eyeL', 'eyeR'],
  ['forelegL1', 'forelegR1'],
  ['LF_paw', 'RF_paw'],
  ['l1', 'r1'],
])('%s is %s in a mirrored picture', (name, mirrored) => {
  expect(mirroredName(name)).toBe(mirrored);
});

test.each(['nose', 'Lip', 'TAIL', 'nail', 'right_eye', 'eyeR', 'head', ''])(
  '%p is of no left side',
  (name) => {
    expect(mirroredName(name)).toBeUndefined();
  },
);
